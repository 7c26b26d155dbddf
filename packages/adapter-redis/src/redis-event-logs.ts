import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { outOfRange, wrongType } from "./check-option.ts";
import { LiveStreams } from "./live-streams.ts";
import { logKeys, wakeKey } from "./log-keys.ts";
import { RedisConnection } from "./redis-connection.ts";
import { RedisEventLog, type SharedParts } from "./redis-event-log.ts";
import { RedisEventLogError } from "./redis-event-log-error.ts";
import { type RedisEventLogsOptions, resolveOptions } from "./redis-event-logs-options.ts";
import { StreamPages } from "./stream-pages.ts";

/** For how long closing waits for leases to be given back. */
const RELEASE_TIMEOUT_MS = 1_000;
const MAX_KEY_LENGTH = 1_024;

/**
 * Event logs on Redis Streams, seen by every process that has the same Redis and `prefix`.
 *
 * Opens two connections, each when it is first needed: one for commands, one that waits for events, of all keys and for
 * all readers. Both come back by themselves; meanwhile readers wait, and `append` tries for `appendTimeoutMs`.
 *
 * Needs Redis 6.2 or later, or a server that speaks its protocol, such as Valkey.
 *
 * @example
 * ```ts
 * import { RedisEventLogs } from "@ssewire/adapter-redis";
 * import { SSEManager, shareSource } from "@ssewire/core";
 * import { createClient } from "redis";
 *
 * async function* process(documentId: string): AsyncGenerator<{ documentId: string; percent: number }> {
 *   for (let percent = 0; percent <= 100; percent += 10) yield { documentId, percent };
 * }
 *
 * const logs = new RedisEventLogs({ client: createClient({ url: "redis://localhost:6379" }), eventType: "progress" });
 * const watch = shareSource({ start: process, log: (key) => logs.log<{ documentId: string; percent: number }>(key) });
 *
 * export const GET = (request: Request): Response =>
 *   SSEManager.createResponse(watch(new URL(request.url).pathname), { request });
 * ```
 */
export class RedisEventLogs implements AsyncDisposable {
  readonly #shared: SharedParts;
  readonly #blocking: RedisConnection;
  readonly #pages: StreamPages;
  readonly #live: LiveStreams;
  /** In the names of batches and leases: no other process has it. */
  readonly #processId: string = randomUUID();
  readonly #closed: AbortController = new AbortController();
  #logs = 0;
  #closing: Promise<void> | undefined;

  /**
   * @param options - `client` is needed; see {@link RedisEventLogsOptions}. Nothing is connected here.
   * @throws {TypeError} When an option is missing, unknown or of the wrong type.
   * @throws {RangeError} When an option is outside what is allowed.
   */
  constructor(options: RedisEventLogsOptions) {
    const settings = resolveOptions(options);
    const { client, onError, prefix } = settings;
    const commands = new RedisConnection(client, onError);
    // Each writer listens.
    setMaxListeners(0, this.#closed.signal);
    this.#shared = { settings, commands, closed: this.#closed.signal, queues: new Set(), releases: new Set() };
    this.#blocking = new RedisConnection(client, onError);
    this.#pages = new StreamPages(commands, settings.format);
    this.#live = new LiveStreams({
      blocking: this.#blocking,
      commands,
      pages: this.#pages,
      wakeKey: wakeKey(prefix, this.#processId),
      settings,
    });
  }

  /**
   * The log of a key. Make one for each writer; making it costs nothing and does not ask Redis.
   *
   * @param key - 1 to 1024 characters, any but lone surrogates. It is part of a name in Redis and no secret: whoever may watch a key is for you
   * to decide before.
   * @returns The log, on the connections that all logs of this object share.
   * @throws {TypeError} When `key` is no string.
   * @throws {RangeError} When it is empty or too long.
   */
  log<Value = unknown>(key: string): RedisEventLog<Value> {
    const task = "Cannot open event log";
    if (typeof key !== "string") throw wrongType(task, "key", "a string", key);
    if (key === "" || key.length > MAX_KEY_LENGTH) {
      throw outOfRange(task, "key", `1 to ${MAX_KEY_LENGTH} characters long`, `${key.length} characters`);
    }
    // Others would share a name in Redis, whose names are bytes.
    if (Buffer.from(key).toString() !== key) throw outOfRange(task, "key", "without lone surrogates", key);
    const keys = logKeys(this.#shared.settings.prefix, key);
    const name = `${this.#processId}.${(this.#logs++).toString(36)}.`;
    const source = { stream: keys.stream, pages: this.#pages, live: this.#live };
    return new RedisEventLog<Value>(this.#shared, source, keys, name);
  }

  /**
   * Closes both connections. Writers are aborted and their leases given back, so that another process takes over at once;
   * what was not appended yet is rejected; readers end with an error of code `CLOSED` that tells clients to come back. Drain
   * the manager of the streams before, and there are none.
   *
   * @returns Settles, and never rejects, within about a second.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Same as {@link RedisEventLogs.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const reason = new RedisEventLogError("CLOSED", "Cannot go on: the event logs were closed");
    const { commands, queues, releases } = this.#shared;
    for (const queue of queues) queue.fail(reason);
    this.#blocking.close(reason);
    this.#closed.abort(reason);
    // Writers hear of it now, and give their leases back.
    await new Promise(setImmediate);
    await settleWithin(releases, RELEASE_TIMEOUT_MS);
    commands.close(reason);
    this.#pages.clear();
  }
}

async function settleWithin(promises: ReadonlySet<Promise<void>>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([Promise.allSettled(promises), timeout]);
  clearTimeout(timer);
}
