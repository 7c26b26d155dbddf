import { isGrpcCall, readGrpcCall } from "./grpc-call-source.ts";
import type { GrpcSseStream } from "./grpc-sse-stream.ts";
import { toGrpcStreamError } from "./grpc-stream-error.ts";
import { isAsyncIterable, readAsyncIterable } from "./iterable-source.ts";
import type { MessageSource } from "./message-source.ts";
import { wrongType } from "./wrong-type.ts";

/** What a {@link TransformedStream} is made of, checked. */
export interface TransformedStreamParts {
  /** A call, an async iterable, or a function that gives either or a promise of one. */
  readonly source: unknown;
  /** Gives a value, an array of values, `null` or `undefined`, or a promise of these. */
  readonly transform: (message: unknown, context: { readonly index: number }) => unknown;
  readonly signal: AbortSignal | undefined;
  readonly expose: boolean;
}

interface Request<Value> {
  resolve(result: IteratorResult<Value, undefined>): void;
  reject(error: unknown): void;
}

/**
 * The iterator behind `grpcStreamToSse`.
 *
 * One of its own, because neither a generator nor Node's stream iterator can be left while a `next()` is pending: their
 * `return()` queues behind it, on an idle stream for ever. Here all endings go through `#finish`, which settles what is
 * pending, releases the source and waits for nothing.
 *
 * Pull-driven: `#advance` reads only while a request waits, one message at a time, synchronously as long as the source has
 * messages at hand. The source wakes it when there is more.
 */
export class TransformedStream<Value> implements GrpcSseStream<Value> {
  readonly #parts: TransformedStreamParts;
  /** Aborted at every ending, for what a factory has started. */
  readonly #controller: AbortController = new AbortController();
  /** The `next()` calls that wait, oldest first. */
  readonly #requests: Request<Value>[] = [];
  /** Undefined until it is open. */
  #source: MessageSource | undefined;
  /** What the last message became; those from `#position` on were not asked for yet. */
  #values: readonly Value[] = [];
  #position = 0;
  /** How many messages were read. */
  #index = 0;
  /** While the source is opened or a message transformed, both of which may take their time: nothing is read. */
  #isBusy = false;
  #isFinished = false;

  constructor(parts: TransformedStreamParts) {
    this.#parts = parts;
    // A factory has nothing to release before the first pull. A call is live: it has errors and fills up.
    if (typeof parts.source !== "function") {
      this.#attach(parts.source);
      this.#followSignal();
    }
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.#advance();
    });
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    this.#finish();
    return { done: true, value: undefined };
  }

  async throw(error?: unknown): Promise<IteratorResult<Value, undefined>> {
    this.#finish();
    throw error;
  }

  cancel(reason?: unknown): void {
    this.#finish({ reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #advance = (): void => {
    while (this.#requests.length > 0 && !this.#isBusy) {
      if (this.#isFinished) {
        this.#answer({ done: true, value: undefined });
      } else if (this.#position < this.#values.length) {
        // In range, so it is there; `Value` may include `undefined`, so a check could not tell.
        this.#answer({ done: false, value: this.#values[this.#position++] as Value });
      } else if (this.#source === undefined) {
        this.#open();
      } else {
        const step = this.#read(this.#source);
        if (step === undefined) return;
        if (step.done === true) this.#finish();
        else this.#transform(step.value);
      }
    }
  };

  #read(source: MessageSource): IteratorResult<unknown, undefined> | undefined {
    try {
      return source.read();
    } catch (error) {
      this.#finish({ failure: { error } });
      return undefined;
    }
  }

  #open(): void {
    const { source } = this.#parts;
    this.#followSignal();
    if (this.#isFinished || typeof source !== "function") return;
    this.#run(
      () => source({ signal: this.#controller.signal }),
      (opened) => this.#attach(opened),
    );
  }

  /** Takes over what was opened, and releases it at once when that took longer than anybody waited. */
  #attach(opened: unknown): void {
    const source = toMessageSource(opened, this.#advance);
    if (this.#isFinished) source.cancel();
    else this.#source = source;
  }

  #transform(message: unknown): void {
    const context = { index: this.#index++ };
    this.#run(
      () => this.#parts.transform(message, context),
      (result) => {
        this.#values = valuesOf(result);
        this.#position = 0;
      },
    );
  }

  /** Runs a step of the caller's, which may throw, take its time, never end, or call back into this stream. */
  #run(step: () => unknown, accept: (result: unknown) => void): void {
    this.#isBusy = true;
    try {
      const result = step();
      if (isPromiseLike(result)) {
        void this.#settle(result, accept);
        return;
      }
      accept(result);
    } catch (error) {
      this.#finish({ failure: { error } });
    }
    this.#isBusy = false;
  }

  async #settle(result: PromiseLike<unknown>, accept: (result: unknown) => void): Promise<void> {
    try {
      accept(await result);
    } catch (error) {
      this.#finish({ failure: { error } });
    }
    this.#isBusy = false;
    this.#advance();
  }

  #followSignal(): void {
    const { signal } = this.#parts;
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.#finish({ reason: this.#parts.signal?.reason });

  /** Every ending. What comes after the first is of no interest to anybody. */
  #finish({ failure, reason }: { failure?: { readonly error: unknown }; reason?: unknown } = {}): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#parts.signal?.removeEventListener("abort", this.#onAbort);
    this.#source?.cancel();
    this.#controller.abort(reason);
    if (failure !== undefined) {
      this.#requests.shift()?.reject(toGrpcStreamError(failure.error, this.#parts.expose));
    }
    while (this.#requests.length > 0) this.#answer({ done: true, value: undefined });
  }

  #answer(result: IteratorResult<Value, undefined>): void {
    this.#requests.shift()?.resolve(result);
  }
}

function toMessageSource(opened: unknown, wake: () => void): MessageSource {
  if (isGrpcCall(opened)) return readGrpcCall(opened, wake);
  if (isAsyncIterable(opened)) return readAsyncIterable(opened, wake);
  throw wrongType("convert gRPC stream", "source()", "a call or an async iterable, or a promise of one", opened);
}

/** The values a transform gave. Skipped are `null` and `undefined`, in an array too; arrays in arrays are values. */
function valuesOf<Value>(result: unknown): readonly Value[] {
  if (result === null || result === undefined) return [];
  const values: readonly unknown[] = Array.isArray(result) ? result : [result];
  // `Value` is what `grpcStreamToSse` infers from the transform; here it has been seen by nobody but the caller.
  return values.filter((value): value is Value => value !== null && value !== undefined);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
