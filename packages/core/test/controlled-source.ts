/** An async iterable that yields when the test says so, and counts what is done to it. */
export class ControlledSource<Value> implements AsyncIterable<Value>, AsyncIterator<Value, undefined> {
  /** Calls of `next()` so far, and how many of them are unanswered. */
  pulls = 0;
  pending = 0;
  /** The most `next()` calls that were ever unanswered at a time. */
  maxPending = 0;
  returns = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Value, undefined>>[] = [];

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    const waiting = deferred<IteratorResult<Value, undefined>>();
    this.#waiting.push(waiting);
    this.pulls++;
    this.pending++;
    this.maxPending = Math.max(this.maxPending, this.pending);
    return waiting.promise;
  }

  /** Never settles when a `next()` is pending, as of a generator that is stuck in an `await`. */
  return(): Promise<IteratorResult<Value, undefined>> {
    this.returns++;
    return this.pending > 0 ? new Promise(() => undefined) : Promise.resolve({ done: true, value: undefined });
  }

  yield(value: Value): void {
    this.#settle().resolve({ done: false, value });
  }

  end(): void {
    this.#settle().resolve({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    this.#settle().reject(error);
  }

  #settle(): PromiseWithResolvers<IteratorResult<Value, undefined>> {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) throw new Error("The source was not pulled");
    this.pending--;
    return waiting;
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
export interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<Value = void>(): PromiseWithResolvers<Value> {
  let resolve: PromiseWithResolvers<Value>["resolve"] = () => undefined;
  let reject: PromiseWithResolvers<Value>["reject"] = () => undefined;
  const promise = new Promise<Value>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}
