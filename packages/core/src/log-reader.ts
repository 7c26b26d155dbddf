import type { EventLogReadOptions } from "./event-log.ts";
import { LogCursor, type ReadableLog, type Step, type WokenReader } from "./log-cursor.ts";
import { LogPuller } from "./log-puller.ts";
import type { SseEvent } from "./sse-event.ts";
import { pullerKey } from "./value-puller.ts";

interface Request {
  resolve(result: Step): void;
  reject(error: unknown): void;
}

/**
 * One reader of a log, with a promise for each event; an event stream takes its {@link LogPuller} instead.
 *
 * `next()` calls may overlap. Every ending comes to `#leave`.
 */
export class LogReader implements AsyncIterableIterator<SseEvent, undefined, undefined>, WokenReader {
  readonly #cursor: LogCursor;
  readonly #signal: AbortSignal | undefined;
  readonly #requests: Request[] = [];
  #puller: LogPuller | undefined;

  constructor(log: ReadableLog, options: EventLogReadOptions) {
    this.#cursor = new LogCursor(log, options);
    this.#signal = options.signal;
    // Defined here, as isolated declarations allow no computed name in a class.
    Object.defineProperty(this, pullerKey, { value: () => this.#toPuller() });
    log.readers.add(this);
    if (this.#signal?.aborted) this.#leave();
    else this.#signal?.addEventListener("abort", this.#leave);
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

  wake(): void {
    while (this.#requests.length > 0) {
      try {
        const step = this.#cursor.step();
        if (step === undefined) return;
        this.#requests.shift()?.resolve(step);
        if (step.done) this.#leave();
      } catch (error) {
        // Whoever waits besides gets the end.
        this.#requests.shift()?.reject(error);
        this.#leave();
      }
    }
  }

  #toPuller(): LogPuller {
    const { readers, streams } = this.#cursor.log;
    const puller = new LogPuller(this.#cursor, this.#leave);
    if (readers.delete(this)) streams.add(puller);
    this.#puller = puller;
    return puller;
  }

  readonly #leave = (): void => {
    const cursor = this.#cursor;
    if (cursor.hasLeft) return;
    cursor.hasLeft = true;
    cursor.log.readers.delete(this);
    this.#signal?.removeEventListener("abort", this.#leave);
    this.wake();
    if (this.#puller === undefined) return;
    cursor.log.streams.delete(this.#puller);
    this.#puller.wake();
  };
}
