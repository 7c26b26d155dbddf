import { encodedEvent } from "./encoded-event.ts";
import type { EventHistory } from "./event-history.ts";
import type { EventLogReadOptions } from "./event-log.ts";
import type { JoinedEvents } from "./joined-events.ts";
import type { LogPosition } from "./log-position.ts";
import type { ResolvedLogOptions } from "./memory-event-log-options.ts";
import { OverflowError } from "./overflow-error.ts";
import type { SseEvent } from "./sse-event.ts";

/** How a log has ended, if it has. */
export interface LogEnding {
  readonly failure?: { readonly error: unknown } | undefined;
}

/** A log as its readers see it. */
export interface ReadableLog {
  readonly options: ResolvedLogOptions;
  readonly history: EventHistory;
  readonly position: LogPosition;
  /** Told of an append at once. */
  readonly readers: Set<WokenReader>;
  /** Told of the appends of a turn at its end. */
  readonly streams: Set<WokenReader>;
  /** Until the next append. */
  ending: LogEnding | undefined;
}

/** Who waits for a log. */
export interface WokenReader {
  /** There may be something to read, or the log has ended, or the reader has left. */
  wake(joined?: JoinedEvents): void;
}

/** An event, or the end. */
export type Step = IteratorResult<SseEvent, undefined>;

/**
 * A position in a log: the number of the event that is read next. What waits for a reader waits in the log, so that one who
 * reads nothing costs nothing; whether too much waits is looked at when it reads.
 */
export class LogCursor {
  readonly log: ReadableLog;
  hasLeft = false;
  /** To be told of before anything else. */
  #gap: SseEvent | undefined;
  #next: number;
  /** What was there when the reader came is as much as the log keeps, and counts for no overflow. */
  readonly #liveFrom: number;
  /** Numbers from `#next` on of events that a later one with the same key stands for. */
  #superseded: Set<number> | undefined;
  /** An ending that is none for this reader. */
  readonly #skipped: LogEnding | undefined;

  constructor(log: ReadableLog, { after = "", skipFailure = false }: EventLogReadOptions) {
    const { history, position } = log;
    this.log = log;
    this.#liveFrom = history.next;
    this.#skipped = skipFailure && log.ending?.failure ? log.ending : undefined;
    const seen = position.toSequence(after);
    const isKnown = seen !== undefined && seen + 1 >= history.first && seen < history.next;
    this.#next = isKnown ? seen + 1 : history.first;
    if (!isKnown && after !== "") {
      this.#gap = encodedEvent({ event: "gap", data: JSON.stringify({ after }) }, { after });
    }
  }

  /**
   * Moves on by one event.
   *
   * @returns `undefined` when there is nothing to read yet.
   * @throws What the log ended with, or an {@link OverflowError}.
   */
  step(): Step | undefined {
    if (this.hasLeft) return { done: true, value: undefined };
    const gap = this.#gap;
    if (gap) {
      this.#gap = undefined;
      return { done: false, value: gap };
    }
    this.#keepUp();
    const { history, ending } = this.log;
    while (this.#superseded?.delete(this.#next)) this.#next++;
    const kept = history.at(this.#next);
    if (kept) {
      this.#next++;
      return { done: false, value: kept.event };
    }
    if (ending === undefined || ending === this.#skipped) return undefined;
    if (ending?.failure) throw ending.failure.error;
    return { done: true, value: undefined };
  }

  /** Moves on to the end of the log by one event that stands for several; `undefined` when that does not do. */
  leap(joined: JoinedEvents, maxBytes: number): Step | undefined {
    const { history } = this.log;
    const isBehind = this.#gap !== undefined || this.#next < history.first || this.#superseded?.size;
    if (this.hasLeft || isBehind || history.next - this.#next < 2) return undefined;
    if (history.bytesFrom(this.#next) > maxBytes || this.#isTooMuch()) return undefined;
    const value = joined.from(this.#next);
    this.#next = history.next;
    return { done: false, value };
  }

  /** Sees to a reader for whom too much waits, or whose next event is gone. */
  #keepUp(): void {
    const { history, options } = this.log;
    const { first, next } = history;
    const hasLost = this.#next < first;
    if (!hasLost && !this.#isTooMuch()) return;
    const { overflow } = options;
    if (overflow === "drop-oldest") this.#skipTo(this.#newestThatMayWait());
    else if (overflow === "close" || hasLost || !this.#coalesce(overflow.coalesce)) {
      throw new OverflowError(next - this.#next);
    }
  }

  /** Whether more waits, of what came after the reader, than may. A single event always may. */
  #isTooMuch(from: number = Math.max(this.#next, this.#liveFrom)): boolean {
    const { history, options } = this.log;
    const events = history.next - from - (this.#superseded?.size ?? 0);
    if (events <= 1) return false;
    return events > options.maxPendingEvents || this.#bytesFrom(from) > options.maxPendingBytes;
  }

  #bytesFrom(from: number): number {
    const { history } = this.log;
    let bytes = history.bytesFrom(from);
    for (const sequence of this.#superseded ?? [])
      bytes -= history.bytesFrom(sequence) - history.bytesFrom(sequence + 1);
    return bytes;
  }

  #newestThatMayWait(): number {
    const { first, next } = this.log.history;
    let from = Math.max(this.#next, first, next - this.log.options.maxPendingEvents);
    while (this.#isTooMuch(from)) from++;
    return from;
  }

  #skipTo(sequence: number): void {
    const dropped = sequence - this.#next;
    this.#next = sequence;
    this.log.options.onDrop?.({ dropped });
  }

  /** Finds what later events stand for. @returns whether that was enough. */
  #coalesce(keyOf: (event: SseEvent) => string): boolean {
    const { history, options } = this.log;
    const keys = new Set<string>();
    this.#superseded ??= new Set();
    const before = this.#superseded.size;
    for (let sequence = history.next - 1; sequence >= this.#next; sequence--) {
      const kept = history.at(sequence);
      if (kept === undefined || this.#superseded.has(sequence)) continue;
      const key = keyOf(kept.event);
      if (keys.has(key)) this.#superseded.add(sequence);
      keys.add(key);
    }
    const dropped = this.#superseded.size - before;
    if (dropped > 0) options.onDrop?.({ dropped });
    return !this.#isTooMuch();
  }
}
