/**
 * The values of a gRPC stream: iterate it, or hand it to `SSEManager.createResponse`.
 *
 * Leaving it in any way (`break`, a throw in the loop, `return()`, `cancel()`, disposal, the `signal`) cancels the RPC and
 * ends the iteration quietly; nothing is waited for, not even a `next()` that is pending.
 */
export interface GrpcSseStream<Value> extends AsyncIterableIterator<Value, undefined, undefined> {
  /**
   * Opens the stream, unless it is open already, and waits for the server's answer: to be sure of the call before a
   * response is begun. (`SSEManager.openResponse` waits for the first event; a server that is silent at first may send
   * metadata at once.) At most one message is read, and none is transformed or lost. May be called at any time, and again.
   *
   * @returns Resolves when metadata, a message or the end has arrived; of clients other than grpc-js, metadata goes
   * unnoticed. Stays pending as long as the server says nothing at all. Rejects with what the stream failed with before
   * that, of which the next `next()` is told, too; when the stream was left before that, with the reason.
   */
  opened(): Promise<void>;

  /**
   * Asks for the next value; one message is read for it, or more when the transform skips. Calls may overlap, and are
   * answered in order.
   *
   * @returns The value, or `done` after the end or a cancellation. Rejects once, with what the stream failed with.
   */
  next(): Promise<IteratorResult<Value, undefined>>;

  /** Cancels the RPC and settles every pending `next()` with `done`. */
  return(): Promise<IteratorResult<Value, undefined>>;

  /** Cancels the RPC, settles every pending `next()` with `done`, and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorResult<Value, undefined>>;

  /**
   * Cancels the RPC and settles every pending `next()` with `done`. Does nothing after the end.
   *
   * @param reason - Becomes the reason of the `signal` that a factory was given; an AbortError when left out.
   */
  cancel(reason?: unknown): void;

  /** The same as `cancel()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  [Symbol.asyncIterator](): GrpcSseStream<Value>;
}
