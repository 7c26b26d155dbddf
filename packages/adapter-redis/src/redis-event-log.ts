import type { EventLog, EventLogReadOptions, SseEvent } from "@ssewire/core";
import { AppendQueue } from "./append-queue.ts";
import { writeFailure } from "./failure-text.ts";
import { leadLog } from "./lead-log.ts";
import { Lease } from "./lease.ts";
import type { LogKeys } from "./log-keys.ts";
import { LogReader } from "./log-reader.ts";
import type { LogSource } from "./read-log.ts";
import { ReaderQueue } from "./reader-queue.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { LogSettings } from "./redis-event-logs-options.ts";
import { writeFields } from "./stream-entry.ts";

/** What the logs of one process share. */
export interface SharedParts {
  readonly settings: LogSettings;
  readonly commands: RedisConnection;
  /** Aborted when writers shall stop. */
  readonly closed: AbortSignal;
  /** Of readers that have begun. */
  readonly queues: Set<ReaderQueue>;
  /** Leases that are being given back. */
  readonly releases: Set<Promise<void>>;
}

/**
 * The event log of one key on Redis, made by `RedisEventLogs.log(key)`. Light: it holds nothing but a queue of what is being
 * appended and, once it has led, the token of its lease.
 *
 * @example
 * ```ts
 * import { RedisEventLogs } from "@ssewire/adapter-redis";
 * import { SSEManager, type SourceContext } from "@ssewire/core";
 * import { createClient } from "redis";
 *
 * const log = new RedisEventLogs({ client: createClient() }).log<{ percent: number }>("report");
 * await log.append({ percent: 50 });
 *
 * export const GET = (request: Request): Response =>
 *   SSEManager.createResponse(({ lastEventId, signal }: SourceContext) => log.read({ after: lastEventId, signal }), { request });
 * ```
 * @see EventLog for what each method promises.
 */
export class RedisEventLog<Value = unknown> implements EventLog<Value> {
  readonly #shared: SharedParts;
  readonly #source: LogSource;
  readonly #appends: AppendQueue;
  readonly #keys: LogKeys;
  readonly #name: string;
  /** Of the lease it has, or had last: what is appended with one that is lost is refused. */
  #token = "";

  /** @internal */
  constructor(shared: SharedParts, source: LogSource, keys: LogKeys, name: string) {
    const { commands, settings } = shared;
    this.#shared = shared;
    this.#source = source;
    this.#appends = new AppendQueue(commands, keys, settings, name);
    this.#keys = keys;
    this.#name = name;
  }

  /**
   * Adds an event. Events of one log are appended in the order of the calls, also over a loss of the connection, and none
   * twice. A log that has ended goes on.
   *
   * @param value - A plain value, or an event made by `sse()`.
   * @returns Its id, once Redis has it.
   * @throws {RedisEventLogError} With code `LEASE_LOST` when this log has led and does not any more, `REDIS_UNAVAILABLE` after
   * `appendTimeoutMs` or when `maxPendingAppends` wait already, `REDIS_REFUSED` when the server says no, `CLOSED`.
   * @throws What serialising and encoding the value throws.
   */
  async append(value: Value | SseEvent): Promise<string> {
    return await this.#appends.push(writeFields(value, this.#shared.settings.format), this.#token);
  }

  /**
   * Ends the log, for readers in every process. Of a failure they get what its error event shows: the message, what it
   * carries under `errorData`, and `httpStatus`; never a stack or a cause.
   *
   * @param failure - What the writer failed with; left out at a normal end.
   * @throws {RedisEventLogError} As {@link RedisEventLog.append}.
   */
  async end(failure?: { readonly error: unknown }): Promise<void> {
    await this.#appends.push(["x", failure ? writeFailure(failure.error) : ""], this.#token, true);
  }

  /**
   * Reads what is there, in pages and at the reader's own pace, and then what comes. While Redis is away, a reader waits, and
   * goes on after the last event it had.
   *
   * @param options - See `EventLogReadOptions` of `@ssewire/core`.
   */
  read(options: EventLogReadOptions = {}): AsyncIterableIterator<SseEvent, undefined, undefined> {
    const { settings, queues } = this.#shared;
    return new LogReader(this.#source, options, new ReaderQueue(settings), queues);
  }

  /** The `id` of the last appended event that had one, whichever process appended it. Waits while Redis is away. */
  async lastSourceId(): Promise<string | undefined> {
    const last = await this.#source.pages.readLast(this.#source.stream);
    return last?.sourceId;
  }

  /**
   * Runs the writer of this log where no other process does: while it holds a lease of `leaseMs` in Redis, renewed three times
   * as often. A writer whose lease cannot be renewed is told by its `signal` before it runs out; what it appends after that
   * is refused by Redis itself. Waits while Redis is away.
   *
   * Call `end()` of this very log when the writer is through: that gives the lease back. Otherwise it runs out, and somebody
   * who waits begins. One `lead()` at a time for each log object.
   *
   * @param write - Appends until its `signal` is aborted, which says that another process may be writing, and settles.
   * @param options - `signal` gives up the waiting, or ends the writing.
   * @returns Whether the writer, here or elsewhere, is through; `false` when `signal` was aborted, or a writer elsewhere failed.
   */
  async lead(
    write: (context: { readonly signal: AbortSignal }) => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { closed, commands, settings, releases } = this.#shared;
    const lease = new Lease(commands, this.#keys, settings, this.#name);
    const onRelease = (released: Promise<void>): void => {
      releases.add(released);
      void released.finally(() => releases.delete(released));
    };
    const onToken = (token: string): void => {
      this.#token = token;
    };
    return await leadLog({ lease, closed, onToken, onRelease }, write, options.signal);
  }
}
