import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { abortable } from "./abortable.ts";
import type { RedisClient, RedisClientCopy } from "./redis-client.ts";
import { RedisEventLogError } from "./redis-event-log-error.ts";
import { isDemoted, isPassing } from "./server-reply.ts";

/** Longest wait between two attempts to connect. */
const MAX_BACKOFF_MS = 1_000;
/** A peer that is silent for so long, although pinged or asked to answer sooner, is gone. */
const SILENCE_MS = 15_000;
const PING_INTERVAL_MS = 5_000;
/** Before a command is sent again to a server that answers, but cannot serve it yet. */
const RETRY_MS = 100;

/**
 * One connection to Redis: opened with its first command, opened again with backoff whenever it is lost, until `close()`.
 *
 * Nothing is queued by the client, which would send it later in an order of its own.
 */
export class RedisConnection {
  readonly #client: RedisClient;
  readonly #onError: (error: unknown) => void;
  readonly #closing: AbortController = new AbortController();
  #copy: RedisClientCopy | undefined;
  #waiting: (() => void)[] = [];
  /** How often it was ready: tells who waits for an answer whether it is still the same connection. */
  epoch = 0;

  constructor(client: RedisClient, onError: (error: unknown) => void) {
    this.#client = client;
    this.#onError = onError;
    // Each command that is under way listens.
    setMaxListeners(0, this.closed);
  }

  /** Aborted when the connection is closed for good. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Sends a command until it is answered.
   *
   * @param task - What cannot be done when Redis says no; its own words may hold keys and addresses.
   * @param send - Sends it; told whether it may have been executed before.
   * @throws {RedisEventLogError} With code `REDIS_REFUSED` for an error reply.
   * @throws The reason of `signal`.
   */
  async run<Reply>(
    task: string,
    send: (copy: RedisClientCopy, isRetry: boolean) => Promise<Reply>,
    signal: AbortSignal,
  ): Promise<Reply> {
    for (let isRetry = false; ; isRetry = true) {
      const copy = await abortable(this.ready(), signal);
      try {
        return await abortable(send(copy, isRetry), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) {
          throw new RedisEventLogError("REDIS_REFUSED", `${task}: Redis refused it`, { cause: error });
        }
        if (isDemoted(error)) this.#reset(copy);
        await delay(RETRY_MS, undefined, { signal });
      }
    }
  }

  /** Waits for the connection. @throws What it was closed with. */
  async ready(): Promise<RedisClientCopy> {
    for (;;) {
      this.closed.throwIfAborted();
      this.#copy ??= this.#connect();
      if (this.#copy.isReady) return this.#copy;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Ends the connection; whatever waits for it is rejected with `reason`. */
  close(reason: Error): void {
    if (this.closed.aborted) return;
    this.#closing.abort(reason);
    this.#copy?.destroy();
    this.#wake();
  }

  #connect(): RedisClientCopy {
    let isTold = false;
    const copy = this.#client.duplicate({
      socket: {
        ...this.#client.options?.socket,
        reconnectStrategy: (retries) => Math.random() * Math.min(50 * 2 ** retries, MAX_BACKOFF_MS),
        socketTimeout: SILENCE_MS,
      },
      pingInterval: PING_INTERVAL_MS,
      disableOfflineQueue: true,
      commandOptions: {},
    });
    copy.on("ready", () => {
      isTold = false;
      this.epoch++;
      this.#wake();
    });
    copy.on("error", (error) => {
      if (isTold || this.closed.aborted) return;
      // Once for an outage, not for each attempt to end it.
      isTold = true;
      this.#onError(error);
    });
    copy.connect().catch((error: unknown) => {
      // Attempts never end by themselves, so it was destroyed, or it cannot even begin.
      if (this.#copy === copy && !this.closed.aborted) this.#onError(error);
    });
    return copy;
  }

  #reset(copy: RedisClientCopy): void {
    if (this.#copy !== copy) return;
    copy.destroy();
    this.#copy = undefined;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
