import type { MessageSource } from "./message-source.ts";

/** Whether `value` can be iterated with `for await`. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof value[Symbol.asyncIterator] === "function"
  );
}

/**
 * Reads an async iterable, one `next()` at a time.
 *
 * It is told to `return()` when released and never waited for: behind a `next()` that never settles, neither does that.
 */
export function readAsyncIterable(iterable: AsyncIterable<unknown>, wake: () => void): MessageSource {
  const iterator = iterable[Symbol.asyncIterator]();
  let isPending = false;
  let isOver = false;
  let result: IteratorResult<unknown, unknown> | undefined;
  let failure: { readonly error: unknown } | undefined;

  const request = async (): Promise<void> => {
    isPending = true;
    try {
      result = await iterator.next();
    } catch (error) {
      failure = { error };
    }
    isPending = false;
    isOver = failure !== undefined || result?.done === true;
    wake();
  };

  return {
    read() {
      if (failure !== undefined) throw failure.error;
      if (result?.done === true) return { done: true, value: undefined };
      const step = result;
      result = undefined;
      if (step === undefined && !isPending) void request();
      return step;
    },
    // An iterable tells nothing but its messages, its end and its failure, and `read` gives these.
    isOpen: false,
    cancel() {
      if (!isOver) void release(iterator);
    },
  };
}

async function release(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody is left to hear how the clean-up of an abandoned source went.
  }
}
