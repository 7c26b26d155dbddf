import { type Deferred, deferred } from "./deferred.ts";

/** A body under the test's control, which tells what was done to it. */
export interface ProbeBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** One entry for each call of `cancel`. */
  readonly cancelReasons: unknown[];
  readonly cancelled: Deferred<unknown>;
  /** Settles when a pull found nothing to give: the stream is idle. */
  readonly idle: Deferred;
  readonly pulls: () => number;
  readonly push: (chunk: Uint8Array | string) => void;
  readonly close: () => void;
  readonly fail: (error: unknown) => void;
}

/** Gives `chunks`, then waits for `push`, `close` or `fail`. Not started before it is pulled. */
export function probeBody(chunks: Iterable<Uint8Array | string> = []): ProbeBody {
  const queue = chunks[Symbol.iterator]();
  const cancelReasons: unknown[] = [];
  const cancelled = deferred<unknown>();
  const idle = deferred();
  let pulls = 0;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const push = (chunk: Uint8Array | string): void =>
    controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull() {
        pulls += 1;
        const next = queue.next();
        if (next.done === true) idle.resolve();
        else push(next.value);
      },
      cancel(reason) {
        cancelReasons.push(reason);
        cancelled.resolve(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    cancelReasons,
    cancelled,
    idle,
    pulls: () => pulls,
    push,
    close: () => controller.close(),
    fail: (error) => controller.error(error),
  };
}

/** `chunk` for ever, always ready. */
export function* endless(chunk: Uint8Array | string): Generator<Uint8Array | string> {
  for (;;) yield chunk;
}

/** What `ReadableStream.from` makes of a generator: cancelling it runs its `finally`. */
export function streamFrom(source: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await source.next();
        if (done === true) controller.close();
        else controller.enqueue(new TextEncoder().encode(value));
      },
      async cancel() {
        await source.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
