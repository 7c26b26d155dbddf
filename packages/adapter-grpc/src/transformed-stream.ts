import { type CallObservers, isGrpcCall, readGrpcCall } from "./grpc-call-source.ts";
import type { GrpcSseStream } from "./grpc-sse-stream.ts";
import { type GrpcErrorOptions, toGrpcStreamError } from "./grpc-stream-error.ts";
import { isAsyncIterable, readAsyncIterable } from "./iterable-source.ts";
import type { MessageSource } from "./message-source.ts";
import { type RetryPolicy, retryDelay } from "./retry-policy.ts";
import { wrongType } from "./wrong-type.ts";

/** What a {@link TransformedStream} is made of, checked. */
export interface TransformedStreamParts {
  /** A call, an async iterable, or a function that gives either or a promise of one. */
  readonly source: unknown;
  /** Gives a value, an array of values, `null` or `undefined`, or a promise of these. */
  readonly transform: (message: unknown, context: { readonly index: number }) => unknown;
  readonly signal: AbortSignal | undefined;
  readonly observers: CallObservers;
  /** For a factory only. */
  readonly retryPolicy: RetryPolicy | undefined;
  readonly errors: GrpcErrorOptions;
}

interface Request<Result> {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

interface Failure {
  readonly error: unknown;
}

/**
 * The iterator behind `grpcStreamToSse`.
 *
 * One of its own, because neither a generator nor Node's stream iterator can be left while a `next()` is pending: their
 * `return()` queues behind it, on an idle stream for ever. Here all endings go through `#finish`, which settles what is
 * pending, releases the source and waits for nothing.
 *
 * Pull-driven: `#advance` reads only while somebody waits for a value, one message at a time, synchronously as long as the
 * source has messages at hand. The source wakes it when there is more. Who waits for the opening only has at most one
 * message read, and none transformed.
 */
export class TransformedStream<Value> implements GrpcSseStream<Value> {
  readonly #parts: TransformedStreamParts;
  /** Aborted at every ending, for what a factory has started. */
  readonly #controller: AbortController = new AbortController();
  /** The `next()` calls that wait, oldest first. */
  readonly #requests: Request<IteratorResult<Value, undefined>>[] = [];
  /** The `opened()` calls that wait. */
  readonly #openings: Request<void>[] = [];
  /** How the opening went; undefined until it is known. */
  #opening: { readonly failure?: Failure | undefined } | undefined;
  /** Undefined until the factory, if there is one, has given it. */
  #source: MessageSource | undefined;
  /** A message read to see whether the stream opens, before anybody asked for a value. */
  #ahead: IteratorYieldResult<unknown> | undefined;
  /** What the last message became; those from `#position` on were not asked for yet. */
  #values: readonly Value[] = [];
  #position = 0;
  /** How many messages were read. */
  #index = 0;
  /** How many calls have failed. */
  #attempts = 0;
  /** While the next call is waited for. */
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** While the source is opened or a message transformed, both of which may take their time: nothing is read. */
  #isBusy = false;
  #isFinished = false;
  /** What the stream failed with while nobody waited for a value; the next who asks is told. */
  #failure: Failure | undefined;

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

  opened(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#openings.push({ resolve, reject });
      if (this.#opening === undefined) this.#advance();
      else this.#settleOpening(this.#opening);
    });
    // Whoever waits is told; one that stopped waiting when the stream was left must not end the process.
    opened.catch(() => undefined);
    return opened;
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
    while (this.#requests.length > 0 || this.#openings.length > 0) {
      if (this.#isFinished) {
        this.#answerEnded();
      } else if (this.#isBusy || this.#retryTimer !== undefined) {
        return;
      } else if (this.#position < this.#values.length) {
        // In range, so it is there; `Value` may include `undefined`, so a check could not tell.
        this.#answer({ done: false, value: this.#values[this.#position++] as Value });
      } else if (this.#source === undefined) {
        this.#open();
      } else if (!this.#step(this.#source)) {
        return;
      }
    }
  };

  /** Takes the next message, the end or the failure; false when there is none of them yet. */
  #step(source: MessageSource): boolean {
    let step: IteratorResult<unknown, undefined> | undefined;
    try {
      step = this.#ahead ?? source.read();
    } catch (error) {
      this.#fail(error);
      return true;
    }
    this.#ahead = undefined;
    if (this.#opening === undefined && (step !== undefined || source.isOpen)) this.#settleOpening({});
    if (step === undefined) return false;
    if (step.done === true) this.#finish();
    else if (this.#requests.length === 0) this.#ahead = step;
    else this.#transform(step.value);
    return true;
  }

  #open(): void {
    const { source } = this.#parts;
    this.#followSignal();
    if (this.#isFinished || typeof source !== "function") return;
    this.#run(() => source({ signal: this.#controller.signal }), this.#attach);
  }

  /** Takes over what was opened, and releases it at once when that took longer than anybody waited. */
  readonly #attach = (opened: unknown): void => {
    const source = toMessageSource(opened, this.#advance, this.#parts.observers);
    if (this.#isFinished) source.cancel();
    else this.#source = source;
  };

  #transform(message: unknown): void {
    const context = { index: this.#index++ };
    this.#run(() => this.#parts.transform(message, context), this.#accept);
  }

  readonly #accept = (result: unknown): void => {
    this.#values = valuesOf(result);
    this.#position = 0;
  };

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
      this.#fail(error);
    }
    this.#isBusy = false;
  }

  async #settle(result: PromiseLike<unknown>, accept: (result: unknown) => void): Promise<void> {
    try {
      accept(await result);
    } catch (error) {
      this.#fail(error);
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

  /** Ends with a failure, unless the call found nobody, before it gave anything: it may be made again. */
  #fail(cause: unknown): void {
    const { retryPolicy, errors } = this.#parts;
    const error = toGrpcStreamError(cause, errors);
    const isRetried = retryPolicy !== undefined && this.#index === 0 && !this.#isFinished;
    const delayMs = isRetried ? retryDelay(retryPolicy, ++this.#attempts, error) : undefined;
    if (delayMs === undefined) {
      this.#finish({ failure: { error } });
      return;
    }
    this.#source?.cancel();
    this.#source = undefined;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#advance();
    }, delayMs);
  }

  /** Every ending. What comes after the first is of no interest to anybody. */
  #finish({ failure, reason }: { failure?: Failure; reason?: unknown } = {}): void {
    if (this.#isFinished) {
      // Somebody leaves who was not told of the failure yet.
      if (failure === undefined) this.#failure = undefined;
      return;
    }
    this.#isFinished = true;
    this.#parts.signal?.removeEventListener("abort", this.#onAbort);
    this.#source?.cancel();
    this.#controller.abort(reason);
    clearTimeout(this.#retryTimer);
    this.#failure = failure;
    this.#settleOpening({ failure: this.#failure ?? { error: this.#controller.signal.reason } });
    this.#advance();
  }

  #settleOpening(opening: { readonly failure?: Failure | undefined }): void {
    this.#opening ??= opening;
    const { failure } = this.#opening;
    for (const waiting of this.#openings.splice(0)) {
      if (failure === undefined) waiting.resolve();
      else waiting.reject(failure.error);
    }
  }

  #answerEnded(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) this.#answer({ done: true, value: undefined });
    else this.#requests.shift()?.reject(failure.error);
  }

  #answer(result: IteratorResult<Value, undefined>): void {
    this.#requests.shift()?.resolve(result);
  }
}

function toMessageSource(opened: unknown, wake: () => void, observers: CallObservers): MessageSource {
  if (isGrpcCall(opened)) return readGrpcCall(opened, wake, observers);
  if (isAsyncIterable(opened)) return readAsyncIterable(opened, wake);
  throw wrongType("convert gRPC stream", "source()", "a call or an async iterable, or a promise of one", opened);
}

/** The values a transform gave. Skipped are `null` and `undefined`, in an array too; arrays in arrays are values. */
function valuesOf<Value>(result: unknown): readonly Value[] {
  // `Value` is what `grpcStreamToSse` infers from the transform; here it has been seen by nobody but the caller.
  const isValue = (value: unknown): value is Value => value !== null && value !== undefined;
  if (Array.isArray(result)) return result.filter(isValue);
  return isValue(result) ? [result] : [];
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
