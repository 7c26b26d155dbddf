import { encodedEvent } from "./encoded-event.ts";
import type { EventHistory } from "./event-history.ts";
import type { EventLogReadOptions } from "./event-log.ts";
import type { Later } from "./has-method.ts";
import type { LogPosition } from "./log-position.ts";
import type { ResolvedLogOptions } from "./memory-event-log-options.ts";
import { pullerKey, type ValuePuller } from "./open-source.ts";
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
  readonly readers: Set<LogReader>;
  /** Calls back with everybody else who asks in this turn. */
  readonly atEndOfTurn: (callback: () => void) => void;
  /** Until the next append. */
  ending: LogEnding | undefined;
}

interface Request {
  resolve(result: IteratorResult<SseEvent, undefined>): void;
  reject(error: unknown): void;
}

type Step = IteratorResult<SseEvent, undefined>;

/**
 * One reader of a log: a number, that of the event it reads next. What waits for it waits in the log, so that a reader that
 * reads nothing costs nothing; whether too much waits is looked at when it reads.
 *
 * `next()` calls may overlap. Every ending comes to `#leave`.
 */
export class LogReader implements AsyncIterableIterator<SseEvent, undefined, undefined> {
  readonly #log: ReadableLog;
  readonly #signal: AbortSignal | undefined;
  readonly #requests: Request[] = [];
  /** To be told of before anything else. */
  #gap: SseEvent | undefined;
  #cursor: number;
  /** What was there when the reader came is as much as the log keeps, and counts for no overflow. */
  readonly #liveFrom: number;
  /** Numbers from `#cursor` on of events that a later one with the same key stands for. */
  readonly #superseded: Set<number> = new Set();
  /** An ending that is none for this reader. */
  readonly #skipped: LogEnding | undefined;
  #hasLeft = false;

  constructor(log: ReadableLog, { after = "", signal, skipFailure = false }: EventLogReadOptions) {
    const { history, position } = log;
    this.#log = log;
    this.#signal = signal;
    this.#liveFrom = history.next;
    this.#skipped = skipFailure && log.ending?.failure ? log.ending : undefined;
    const seen = position.toSequence(after);
    const isKnown = seen !== undefined && seen + 1 >= history.first && seen < history.next;
    this.#cursor = isKnown ? seen + 1 : history.first;
    if (!isKnown && after !== "") {
      this.#gap = encodedEvent({ event: "gap", data: JSON.stringify({ after }) }, { after });
    }
    // For event streams, as a promise for each event and reader is half the cost of a thousand readers. Defined here, as
    // isolated declarations allow no computed name in a class.
    Object.defineProperty(this, pullerKey, { value: () => this.#toPuller() });
    log.readers.add(this);
    if (signal?.aborted) this.#leave();
    else signal?.addEventListener("abort", this.#leave);
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.wake();
    });
  }

  async return(): Promise<Step> {
    this.#leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #toPuller(): ValuePuller<SseEvent> {
    // biome-ignore lint/suspicious/noThenProperty: what asks for it knows that it is no promise
    const later: Later<Step> = { then: (resolve, reject) => this.#requests.push({ resolve, reject }) };
    return { next: () => this.#step() ?? later, release: this.#leave, atEndOfTurn: this.#log.atEndOfTurn };
  }

  /** There may be something to read, or the log has ended. */
  wake(): void {
    while (this.#requests.length > 0) {
      try {
        const step = this.#step();
        if (step === undefined) return;
        this.#requests.shift()?.resolve(step);
      } catch (error) {
        // Whoever waits besides gets the end.
        this.#requests.shift()?.reject(error);
        this.#leave();
      }
    }
  }

  #step(): Step | undefined {
    if (this.#hasLeft) return { done: true, value: undefined };
    const gap = this.#gap;
    if (gap) {
      this.#gap = undefined;
      return { done: false, value: gap };
    }
    this.#keepUp();
    const { history, ending } = this.#log;
    while (this.#superseded.delete(this.#cursor)) this.#cursor++;
    const kept = history.at(this.#cursor);
    if (kept) {
      this.#cursor++;
      return { done: false, value: kept.event };
    }
    if (ending === this.#skipped) return undefined;
    if (ending?.failure) throw ending.failure.error;
    this.#leave();
    return { done: true, value: undefined };
  }

  /** Sees to a reader for whom too much waits, or whose next event is gone. */
  #keepUp(): void {
    const { history, options } = this.#log;
    const { first, next } = history;
    const hasLost = this.#cursor < first;
    if (!hasLost && !this.#isTooMuch()) return;
    const { overflow } = options;
    if (overflow === "drop-oldest") this.#skipTo(this.#newestThatMayWait());
    else if (overflow === "close" || hasLost || !this.#coalesce(overflow.coalesce)) {
      throw new OverflowError(next - this.#cursor);
    }
  }

  /** Whether more waits, of what came after the reader, than may. A single event always may. */
  #isTooMuch(from: number = Math.max(this.#cursor, this.#liveFrom)): boolean {
    const { history, options } = this.#log;
    const events = history.next - from - this.#superseded.size;
    if (events <= 1) return false;
    return events > options.maxPendingEvents || this.#bytesFrom(from) > options.maxPendingBytes;
  }

  #bytesFrom(from: number): number {
    const { history } = this.#log;
    let bytes = history.bytesFrom(from);
    for (const sequence of this.#superseded) bytes -= history.bytesFrom(sequence) - history.bytesFrom(sequence + 1);
    return bytes;
  }

  #newestThatMayWait(): number {
    const { first, next } = this.#log.history;
    let from = Math.max(this.#cursor, first, next - this.#log.options.maxPendingEvents);
    while (this.#isTooMuch(from)) from++;
    return from;
  }

  #skipTo(sequence: number): void {
    const dropped = sequence - this.#cursor;
    this.#cursor = sequence;
    this.#log.options.onDrop?.({ dropped });
  }

  /** Finds what later events stand for. @returns whether that was enough. */
  #coalesce(keyOf: (event: SseEvent) => string): boolean {
    const { history, options } = this.#log;
    const keys = new Set<string>();
    const before = this.#superseded.size;
    for (let sequence = history.next - 1; sequence >= this.#cursor; sequence--) {
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

  readonly #leave = (): void => {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#log.readers.delete(this);
    this.#signal?.removeEventListener("abort", this.#leave);
    this.wake();
  };
}
