import type { EventLogReadOptions, SseEvent } from "@ssewire/core";
import { type LogSource, readLog } from "./read-log.ts";
import type { ReaderQueue } from "./reader-queue.ts";

type Step = IteratorResult<SseEvent, undefined>;

/**
 * The iterator of a reader. Nothing runs before the first `next()`; `return()` and the signal end it even while an event is
 * waited for, or while nobody asks for one.
 */
export class LogReader implements AsyncIterableIterator<SseEvent, undefined, undefined> {
  readonly #queue: ReaderQueue;
  readonly #queues: Set<ReaderQueue>;
  readonly #signal: AbortSignal | undefined;
  readonly #steps: AsyncGenerator<SseEvent, undefined, undefined>;

  /** @param queues - Those of all readers that have begun. */
  constructor(source: LogSource, options: EventLogReadOptions, queue: ReaderQueue, queues: Set<ReaderQueue>) {
    this.#queue = queue;
    this.#queues = queues;
    this.#signal = options.signal;
    this.#steps = readLog(source, options, queue);
    if (this.#signal?.aborted) queue.stop();
  }

  async next(): Promise<Step> {
    if (!this.#queues.has(this.#queue) && !this.#queue.isStopped) {
      this.#queues.add(this.#queue);
      this.#signal?.addEventListener("abort", this.#onAbort);
    }
    try {
      const step = await this.#steps.next();
      if (step.done) this.#leave();
      return step;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async return(): Promise<Step> {
    this.#leave();
    await this.#steps.return(undefined);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #onAbort = (): void => void this.return();

  #leave(): void {
    this.#queue.stop();
    this.#queues.delete(this.#queue);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
