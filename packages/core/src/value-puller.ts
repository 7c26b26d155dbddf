/** Who pulls, and takes in the very turn, without a promise, what was not there when it was asked for. */
export interface ValueReceiver<Value> {
  /** How many bytes a value may have that is several, joined. */
  readonly room: number;
  /** Nothing more becomes ready in this turn: what this one makes ready may leave. */
  receive(result: IteratorResult<Value, unknown>): void;
  fail(error: unknown): void;
}

/** That a value was not there. */
export const later: unique symbol = /* @__PURE__ */ Symbol("later");

/** The one shape that every source takes: pulled with `next`, released with `release`. */
export interface ValuePuller<Value> {
  /** @returns the value, or a promise of it, or {@link later}, and then the receiver is told. */
  next(
    receiver: ValueReceiver<Value>,
  ): IteratorResult<Value, unknown> | PromiseLike<IteratorResult<Value, unknown>> | typeof later;
  /** Lets the source go. What it returns is of no interest, but may be a promise that rejects. */
  release(reason: unknown): unknown;
}

/** Pulls for somebody who waits for a promise. */
export function pullNext<Value>(puller: ValuePuller<Value>): Promise<IteratorResult<Value, unknown>> {
  return new Promise((resolve, reject) => {
    const result = puller.next({ room: 0, receive: resolve, fail: reject });
    if (result !== later) resolve(result);
  });
}

/** Key of a method by which an iterable of this package gives its own {@link ValuePuller}. */
export const pullerKey: unique symbol = /* @__PURE__ */ Symbol("puller");
