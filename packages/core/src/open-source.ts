import { describeValue } from "./describe-value.ts";
import { hasMethod, isThenable } from "./has-method.ts";
import { pullerKey, type ValuePuller } from "./value-puller.ts";

/** What a source factory is given. */
export interface SourceContext {
  /**
   * Aborted when the stream ends, for whatever reason: the reader cancelled or disconnected, the source failed or is
   * through. Pass it to whatever the source waits for; it is the only way to interrupt a generator stuck in an `await`. What a listener on it throws cannot be
   * contained: the platform reports it as uncaught.
   */
  readonly signal: AbortSignal;
  /** The id of the last event the client has seen; `undefined` on its first connection. */
  readonly lastEventId: string | undefined;
}

/** Anything that yields values one after the other. */
export type ValueIterable<Value> = AsyncIterable<Value> | Iterable<Value | PromiseLike<Value>> | ReadableStream<Value>;

/** Where the values of an event stream come from. The factory form is called on the first pull. */
export type StreamSource<Value> =
  | ValueIterable<Value>
  | PromiseLike<ValueIterable<Value>>
  | ((context: SourceContext) => ValueIterable<Value> | PromiseLike<ValueIterable<Value>>);

const ALLOWED =
  "an AsyncIterable, an Iterable other than a string, an unlocked ReadableStream, a promise of one of these, or a function that returns one";

/** Refuses, at creation, what {@link openSource} could not open at the first pull. */
export function checkSource(source: unknown): void {
  // Should no reader come, nobody looks at what it rejects with.
  if (source instanceof Promise) source.catch(() => undefined);
  if (typeof source === "function" || isThenable(source)) return;
  if (isReadableStream(source) ? source.locked : !isAsyncIterable(source) && !isIterable(source)) throw unfit(source);
}

/**
 * Turns a source into something to pull.
 *
 * @throws {TypeError} When a function returned, or a promise held, what yields no values; and what the function throws.
 */
export function openSource<Value>(
  source: StreamSource<Value>,
  createContext: () => SourceContext,
): ValuePuller<Value> | PromiseLike<ValuePuller<Value>> {
  const opened = typeof source === "function" ? source(createContext()) : source;
  return isThenable(opened) ? opened.then(toPuller) : toPuller(opened);
}

function toPuller<Value>(source: ValueIterable<Value>): ValuePuller<Value> {
  // Its reader comes before its iterator, whose return() waits for a read that is pending.
  if (isReadableStream(source)) {
    const reader = source.getReader();
    return { next: () => reader.read(), release: (reason) => reader.cancel(reason) };
  }
  if (isAsyncIterable(source)) {
    if (isPullable<Value>(source)) return source[pullerKey]();
    const iterator = source[Symbol.asyncIterator]();
    return { next: () => iterator.next(), release: () => iterator.return?.() };
  }
  if (isIterable(source)) {
    const iterator = source[Symbol.iterator]();
    return { next: () => settle(iterator.next()), release: () => iterator.return?.() };
  }
  throw unfit(source);
}

/** As `for await` does: the promises that a synchronous iterable holds are waited for. */
function settle<Value>(
  result: IteratorResult<Value | PromiseLike<Value>, unknown>,
): IteratorResult<Value, unknown> | PromiseLike<IteratorResult<Value, unknown>> {
  if (result.done === true) return result;
  const { value } = result;
  return isThenable(value) ? value.then((value) => ({ done: false, value })) : { done: false, value };
}

function unfit(source: unknown): TypeError {
  return new TypeError(`Cannot create event stream: \`source\` must be ${ALLOWED}; got ${describeValue(source)}`);
}

function isPullable<Value>(value: object): value is { [pullerKey](): ValuePuller<Value> } {
  return pullerKey in value;
}

function isReadableStream(value: unknown): value is ReadableStream<never> {
  return hasMethod(value, "getReader");
}

function isAsyncIterable(value: unknown): value is AsyncIterable<never> {
  return hasMethod(value, Symbol.asyncIterator);
}

/** A string is one, too, but nobody who passes one wants an event for each character. */
function isIterable(value: unknown): value is Iterable<never> {
  return typeof value !== "string" && hasMethod(value, Symbol.iterator);
}
