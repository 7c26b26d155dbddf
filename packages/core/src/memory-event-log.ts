import { checkOptions } from "./check-options.ts";
import { encodedEvent, frameOf } from "./encoded-event.ts";
import { atEndOfTurn } from "./end-of-turn.ts";
import { EventHistory } from "./event-history.ts";
import type { EventLog, EventLogReadOptions } from "./event-log.ts";
import { JoinedEvents } from "./joined-events.ts";
import type { ReadableLog } from "./log-cursor.ts";
import { LogPosition } from "./log-position.ts";
import { LogReader } from "./log-reader.ts";
import { type MemoryEventLogOptions, memoryEventLogRules, resolveLogOptions } from "./memory-event-log-options.ts";
import { isSseEvent, type SseEvent } from "./sse-event.ts";

/**
 * An event log in the memory of this process, bounded in number, age and bytes.
 *
 * An event is serialised and encoded once, when it is appended, and held once, for all readers together: a reader is a
 * position in the log. No timer runs; what is too old goes with the next append or reader.
 *
 * @example
 * ```ts
 * import { MemoryEventLog, type SourceContext, SSEManager } from "@ssewire/core";
 *
 * const log = new MemoryEventLog<{ percent: number }>({ eventType: "progress" });
 * log.append({ percent: 50 });
 *
 * // Everybody gets what there is, then what comes; who comes back, what it missed.
 * export const GET = (request: Request): Response =>
 *   SSEManager.createResponse(({ lastEventId, signal }: SourceContext) => log.read({ after: lastEventId, signal }), { request });
 * ```
 */
export class MemoryEventLog<Value = unknown> implements EventLog<Value> {
  readonly #log: ReadableLog;
  #isWakeDue = false;
  #lastSourceId: string | undefined;

  /**
   * @param options - See {@link MemoryEventLogOptions}.
   * @throws {TypeError} When an option is unknown or of the wrong type.
   * @throws {RangeError} When an option is outside what is allowed.
   */
  constructor(options: MemoryEventLogOptions = {}) {
    checkOptions(options, memoryEventLogRules);
    const resolved = resolveLogOptions(options);
    const history = new EventHistory(resolved);
    this.#log = {
      options: resolved,
      history,
      position: new LogPosition(),
      readers: new Set(),
      streams: new Set(),
      ending: undefined,
    };
  }

  /**
   * Adds an event. Iterators that wait have it at once, event streams at the end of the turn, all of them together.
   *
   * @param value - A plain value, or an event made by `sse()`.
   * @returns Its id in this log.
   * @throws What encoding the value throws.
   */
  append(value: Value | SseEvent): string {
    const { history, position } = this.#log;
    const id = position.toId(history.next);
    const event = this.#encode(id, value);
    this.#log.ending = undefined;
    if (isSseEvent(value)) this.#lastSourceId = value.id ?? this.#lastSourceId;
    history.append(event, frameOf(event)?.length ?? 0);
    for (const reader of this.#log.readers) reader.wake();
    if (!this.#isWakeDue && this.#log.streams.size > 0) {
      this.#isWakeDue = true;
      atEndOfTurn(this.#wakeStreams);
    }
    return id;
  }

  /** Ends the log for those who read it now; a later append opens it again. */
  end(failure?: { readonly error: unknown }): void {
    // After a failure there may be another: of the next writer, who appended nothing.
    if (this.#log.ending && !this.#log.ending.failure) return;
    this.#log.ending = { failure };
    for (const reader of this.#log.readers) reader.wake();
    // Not put off: the next append takes the ending back.
    this.#wakeStreams();
  }

  /** Reads what is there and what comes; see {@link EventLog.read}. */
  read(options: EventLogReadOptions = {}): AsyncIterableIterator<SseEvent, undefined, undefined> {
    this.#log.history.evict();
    return new LogReader(this.#log, options);
  }

  /** The `id` of the last appended event that had one. */
  lastSourceId(): string | undefined {
    return this.#lastSourceId;
  }

  #encode(id: string, value: Value | SseEvent): SseEvent {
    const { eventType, serialize } = this.#log.options;
    if (!isSseEvent(value)) return encodedEvent({ id, event: eventType, data: serialize(value) }, value);
    const { data, event, retry, comment } = value;
    // Some clients lose an id that comes without data.
    if (data === undefined) return encodedEvent({ event, retry, comment });
    return encodedEvent({ id, event: event ?? eventType, retry, comment, data: serialize(data) }, data);
  }

  readonly #wakeStreams = (): void => {
    this.#isWakeDue = false;
    const joined = new JoinedEvents(this.#log.history);
    for (const stream of this.#log.streams) {
      try {
        stream.wake(joined);
      } catch (error) {
        // It is thrown as by a stream of its own, and the others are woken all the same.
        atEndOfTurn(() => {
          throw error;
        });
      }
    }
  };
}
