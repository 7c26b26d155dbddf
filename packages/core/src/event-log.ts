import type { SseEvent } from "./sse-event.ts";

/**
 * The events of one key, kept for those who come late or come back: the one seam for history and fan-out.
 *
 * One writer appends, any number of readers reads. What is appended is encoded once, for all of them. {@link MemoryEventLog}
 * keeps it in this process, `RedisEventLog` of `@ssewire/adapter-redis` where other processes see it, too.
 */
export interface EventLog<Value = unknown> {
  /**
   * Adds an event: a plain value, of the event type the log was made with, or one made by `sse()`. An `id` it has is kept
   * for {@link EventLog.lastSourceId} and not sent: readers resume by the ids of the log.
   *
   * A log that has ended goes on: who reads it from then on finds no end.
   *
   * @returns The id of the event in this log, or a promise of it. Ids are printable ASCII and sort in the order of events.
   * @throws What encoding the value throws.
   */
  append(value: Value | SseEvent): string | Promise<string>;

  /**
   * Ends the log: readers get what they have not read yet, then the end or the failure. Does nothing to a log that has
   * ended without a failure.
   *
   * @param failure - What the writer failed with; left out at a normal end.
   */
  end(failure?: { readonly error: unknown }): void | Promise<void>;

  /**
   * The events after an id, all there are without one, then those to come. Every event has its id in the log.
   *
   * A reader whose id is not known, or whose next event was evicted, gets an event of type `gap` first, with data
   * `{ "after": id }` and no id of its own, and then all there are: it has missed some, and may fetch what it shows anew.
   *
   * @returns Ends with the log, or when `signal` is aborted, even while an event is waited for. Throws what the log ended
   * with, and an {@link OverflowError} when the reader has fallen behind too far.
   */
  read(options?: EventLogReadOptions): AsyncIterable<SseEvent>;

  /** The `id` of the last appended event that had one, or a promise of it: where its writer goes on after a break. */
  lastSourceId(): string | undefined | Promise<string | undefined>;

  /**
   * Runs the writer of this log where no other process does: at once, or when the one that does is gone. Not at all when
   * the log has ended without a failure before, or ends in whatever way, in another process, while this one waits. Left out
   * by logs of a single process, whose writer runs at once.
   *
   * @param write - Appends until its `signal` is aborted, which says that another process may be writing, and settles.
   * @param options - `signal` gives up the waiting, or ends the writing.
   * @returns Whether the writer, here or elsewhere, is through: `false` when `signal` was aborted, or a writer elsewhere
   * failed. Rejects with what `write` rejects with.
   */
  lead?(
    write: (context: { readonly signal: AbortSignal }) => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean>;
}

/** Options of {@link EventLog.read}. */
export interface EventLogReadOptions {
  /**
   * Id of the last event the reader has; what a client sends as its last event ID may be anything.
   *
   * @defaultValue none: from the beginning
   */
  after?: string | undefined;

  /**
   * Ends the reading when aborted.
   *
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;

  /**
   * A failure that the log has ended with before is no end for this reader, which waits instead: for a log whose writer is
   * about to start again. An end without a failure is one for every reader.
   *
   * @defaultValue `false`
   */
  skipFailure?: boolean | undefined;
}
