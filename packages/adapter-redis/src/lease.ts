import { setTimeout as delay } from "node:timers/promises";
import { acquireScript, releaseScript, renewScript } from "./lease-scripts.ts";
import type { LogKeys } from "./log-keys.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RedisEventLogError } from "./redis-event-log-error.ts";
import type { LogSettings } from "./redis-event-logs-options.ts";

const TASK = "Cannot lead event log";

/** How the asking for a lease ended: with a lease, or as somebody else's writing did. */
export type LeaseAnswer = { readonly token: string; readonly validUntil: number } | "completed" | "failed";

/** The lease of one log, as one of those asks for it who want to write. */
export class Lease {
  readonly #connection: RedisConnection;
  readonly #keys: LogKeys;
  readonly #settings: LogSettings;
  readonly #owner: string;
  /** The failure that the log had ended with when the asking began: "?" until it does, empty for none. */
  #knownFailure = "?";

  /** @param owner - Something that no other lease has. */
  constructor(connection: RedisConnection, keys: LogKeys, settings: LogSettings, owner: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Waits until the lease is free. @throws The reason of `signal`. */
  async acquire(signal: AbortSignal): Promise<LeaseAnswer> {
    const { leaseMs, maxAgeMs } = this.#settings;
    const { stream, lease, fence } = this.#keys;
    for (;;) {
      let askedAt = 0;
      const reply = await this.#connection.run(
        TASK,
        (copy) => {
          askedAt = performance.now();
          const args = [this.#owner, String(leaseMs), String(maxAgeMs), this.#knownFailure];
          return acquireScript(copy, [stream, lease, fence], args);
        },
        signal,
      );
      // As the script answers.
      const [status, detail, failure] = reply as [string, string | number, string];
      if (status === "COMPLETED") return "completed";
      if (status === "FAILED") return "failed";
      this.#knownFailure = failure;
      if (status === "LEAD") return { token: String(detail), validUntil: this.#validUntil(askedAt) };
      // Not all at once; and not much later than it runs out, or is given back.
      const waitMs = Math.min(Number(detail), (leaseMs / 3) * (0.5 + Math.random() / 2));
      await delay(Math.max(1, waitMs), undefined, { signal });
    }
  }

  /**
   * Keeps the lease until `signal` is aborted.
   *
   * @returns When it is lost, or about to run out.
   */
  async keep(token: string, validUntil: number, signal: AbortSignal): Promise<void> {
    for (let until = validUntil; ; ) {
      const expiry = new AbortController();
      const timer = setTimeout(() => expiry.abort(), Math.max(0, until - performance.now()));
      try {
        const stop = AbortSignal.any([signal, expiry.signal]);
        await delay(this.#settings.leaseMs / 3, undefined, { signal: stop });
        const renewed = await this.#renew(token, stop);
        if (renewed === undefined) return;
        until = renewed;
      } catch (error) {
        if (signal.aborted || expiry.signal.aborted) return;
        throw error;
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** Gives the lease back when Redis is there; otherwise it runs out. */
  async release(token: string): Promise<void> {
    const timeout = AbortSignal.timeout(this.#settings.leaseMs);
    try {
      await this.#connection.run(TASK, (copy) => releaseScript(copy, [this.#keys.lease], [token]), timeout);
    } catch (error) {
      if (error instanceof RedisEventLogError && error.code === "REDIS_REFUSED") this.#settings.onError(error);
    }
  }

  async #renew(token: string, signal: AbortSignal): Promise<number | undefined> {
    const { leaseMs, maxAgeMs } = this.#settings;
    let askedAt = 0;
    const isOurs = await this.#connection.run(
      TASK,
      (copy) => {
        askedAt = performance.now();
        return renewScript(copy, [this.#keys.stream, this.#keys.lease], [token, String(leaseMs), String(maxAgeMs)]);
      },
      signal,
    );
    return isOurs === 1 ? this.#validUntil(askedAt) : undefined;
  }

  /** The writer needs time to stop before another begins. */
  #validUntil(askedAt: number): number {
    return askedAt + this.#settings.leaseMs * 0.8;
  }
}
