import { appendScript } from "./append-script.ts";
import type { LogKeys } from "./log-keys.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RedisEventLogError } from "./redis-event-log-error.ts";
import type { LogSettings } from "./redis-event-logs-options.ts";

/** Events in one command at most. */
const MAX_BATCH = 100;

interface PendingAppend {
  readonly fields: readonly string[];
  readonly isEnd: boolean;
  /** Token of the lease its writer has, empty for none. */
  readonly token: string;
  /** By `performance.now()`. */
  readonly deadline: number;
  resolve(id: string): void;
  reject(error: unknown): void;
}

/**
 * What is to be appended to one log, in order: one command is under way at a time, and takes along all that wait.
 *
 * A command whose answer was lost is sent again, and does nothing when it was executed.
 */
export class AppendQueue {
  readonly #connection: RedisConnection;
  readonly #keys: LogKeys;
  readonly #settings: LogSettings;
  readonly #pending: PendingAppend[] = [];
  readonly #name: string;
  #batches = 0;
  #isSending = false;

  /** @param name - Something that no other queue has. */
  constructor(connection: RedisConnection, keys: LogKeys, settings: LogSettings, name: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#settings = settings;
    this.#name = name;
  }

  /** Appends an entry. @returns Its id; empty for the end of a log that has ended. */
  push(fields: readonly string[], token: string, isEnd = false): Promise<string> {
    const { maxPendingAppends, appendTimeoutMs } = this.#settings;
    if (this.#pending.length >= maxPendingAppends && !isEnd) {
      const waiting = `${this.#pending.length} events wait already`;
      return Promise.reject(new RedisEventLogError("REDIS_UNAVAILABLE", `Cannot append event: ${waiting}`));
    }
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + appendTimeoutMs;
      this.#pending.push({ fields, isEnd, token, deadline, resolve, reject });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    // What is appended in the same turn goes along.
    await Promise.resolve();
    for (let batch = this.#takeBatch(); batch.length > 0; batch = this.#takeBatch()) {
      try {
        const ids = await this.#send(batch);
        batch.forEach((append, index) => {
          append.resolve(ids[index] ?? "");
        });
      } catch (error) {
        for (const append of batch) append.reject(error);
      }
    }
    this.#isSending = false;
  }

  /** Those at the front that can share a command. */
  #takeBatch(): PendingAppend[] {
    const [first] = this.#pending;
    if (first === undefined) return [];
    const end = this.#pending.findIndex((append) => append.isEnd || append.token !== first.token);
    const count = first.isEnd ? 1 : end === -1 ? MAX_BATCH : Math.min(end, MAX_BATCH);
    return this.#pending.splice(0, count);
  }

  async #send(batch: readonly PendingAppend[]): Promise<string[]> {
    const { maxEvents, maxAgeMs } = this.#settings;
    const [first] = batch;
    if (first === undefined) return [];
    const { token, isEnd, deadline } = first;
    const name = `${this.#name}${(this.#batches++).toString(36)}`;
    const entries = batch.flatMap(({ fields }) => [String(fields.length), ...fields]);
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(unavailable()), Math.max(0, deadline - performance.now()));
    try {
      const reply = await this.#connection.run(
        "Cannot append event",
        (copy, isRetry) => {
          const options = [String(maxEvents), String(maxAgeMs), isEnd ? "1" : ""];
          const args = [token, name, isRetry ? "1" : "", ...options, ...entries];
          return appendScript(copy, [this.#keys.stream, this.#keys.lease], args);
        },
        timeout.signal,
      );
      // As the script answers.
      const [status, ...ids] = reply as [string, ...string[]];
      if (status === "LOST")
        throw new RedisEventLogError("LEASE_LOST", "Cannot append event: another process may lead");
      return ids;
    } finally {
      clearTimeout(timer);
    }
  }
}

function unavailable(): RedisEventLogError {
  return new RedisEventLogError("REDIS_UNAVAILABLE", "Cannot append event: Redis does not answer");
}
