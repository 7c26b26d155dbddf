import { checkFunctions, checkOptions, checkSignal } from "./check-options.ts";
import { type GrpcCall, type GrpcCallStatus, isGrpcCall } from "./grpc-call-source.ts";
import type { GrpcMetadata } from "./grpc-metadata.ts";
import type { GrpcSseStream } from "./grpc-sse-stream.ts";
import type { GrpcErrorOptions } from "./grpc-stream-error.ts";
import { isAsyncIterable } from "./iterable-source.ts";
import { type GrpcRetryOptions, resolveRetry } from "./retry-policy.ts";
import { TransformedStream } from "./transformed-stream.ts";
import { wrongType } from "./wrong-type.ts";

/** A live stream of gRPC messages: a grpc-js call, or what any other client gives to iterate. */
export type GrpcStream = GrpcCall | AsyncIterable<unknown>;

/** What a factory is called with. */
export interface GrpcStreamContext {
  /** Aborted when the stream ends, in whatever way. Hand it to the client. */
  readonly signal: AbortSignal;
}

/** Opens a stream when the first value is asked for; what it gives too late is released. */
export type GrpcStreamFactory = (context: GrpcStreamContext) => GrpcStream | PromiseLike<GrpcStream>;

/** What {@link grpcStreamToSse} reads. */
export type GrpcStreamSource = GrpcStream | GrpcStreamFactory;

/** A stream of messages of that type. A grpc-js call tells it by its `deserialize` only: as an iterable it yields `any`. */
export type GrpcStreamOf<Message> =
  | (GrpcCall & { deserialize(bytes: never): Message })
  | (AsyncIterable<Message> & { readonly deserialize?: undefined });

/** The type of the messages of a source. */
// A grpc-js call is asked first, and by its `deserialize`: as an iterable it yields `any`, and so does its `read`.
export type MessageOf<Source> = Source extends (context: GrpcStreamContext) => infer Opened
  ? MessageOf<Awaited<Opened>>
  : Source extends { deserialize(bytes: never): infer Message }
    ? Message
    : Source extends AsyncIterable<infer Message>
      ? Message
      : Source extends { read(): infer Message }
        ? Exclude<Message, null>
        : never;

/** The type of the values that a transform's results stand for: elements of an array, and nothing for what is skipped. */
export type ValueOf<Result> = Result extends readonly (infer Element)[]
  ? Exclude<Element, null | undefined>
  : // biome-ignore lint/suspicious/noConfusingVoidType: a transform without a `return` on some path gives `void`
    Exclude<Result, null | undefined | void>;

/** What a transform is called with besides the message. */
export interface TransformContext {
  /** Number of the message in its stream, from 0. */
  readonly index: number;
}

/** Options of {@link grpcStreamToSse}. */
export interface GrpcStreamToSseOptions extends GrpcErrorOptions {
  /**
   * Ends the stream quietly and cancels the RPC when aborted; one that is aborted already keeps a factory from being
   * called. The listener is removed at every ending.
   *
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;

  /**
   * Called with the server's metadata (its headers) when they arrive, once, before the first message is transformed; not
   * at all when a call fails without any. What it throws or rejects with, the stream fails with. Of grpc-js calls only.
   *
   * @defaultValue none
   */
  onMetadata?: ((metadata: GrpcMetadata) => unknown) | undefined;

  /**
   * Called with the status and the trailers of the call when it is over, once, however it ended: OK has code 0, and a
   * stream that was left has 1, CANCELLED. What it throws or rejects with, the stream fails with, unless it is over. Of
   * grpc-js calls only.
   *
   * @defaultValue none
   */
  onStatus?: ((status: GrpcCallStatus) => unknown) | undefined;

  /**
   * Calls the factory again when its call fails with UNAVAILABLE before the first message, as it does while a server
   * restarts. `{}` takes the defaults. For factories only.
   *
   * @defaultValue none: a call that fails is a stream that fails
   */
  retry?: GrpcRetryOptions | undefined;
}

const ACTION = "convert gRPC stream";
const OPTION_NAMES = ["signal", "onMetadata", "onStatus", "retry", "expose", "details", "retryable"];

/**
 * Turns a gRPC server stream into a source for `SSEManager.createResponse`.
 *
 * **Source.** Best is a factory: it is called when the first value is asked for, and its `signal` reaches every client. A
 * grpc-js call handed over as it is must be handed over in the tick in which it was made, or its failure may be missed;
 * it is read ahead by the 16 messages that grpc-js buffers. Any other async iterable is told to `return()` when the stream
 * is left, but most clients queue that behind a pending message: use a factory for them.
 *
 * **Backpressure.** One message is read when a value is asked for. A consumer that does not ask stops the server at 16
 * messages plus one HTTP/2 window.
 *
 * **Cancellation.** Every way of leaving (`break`, a throw in the loop, `return()`, `cancel()`, disposal, `signal`) cancels
 * the RPC at once, settles what is pending and ends quietly. A cancellation by anybody else is an error.
 *
 * **Errors.** A failed call rejects with a {@link GrpcStreamError}, after the messages that grpc-js had buffered; other
 * errors, the transform's among them, come through unchanged, and the RPC is cancelled.
 *
 * @param source - A grpc-js `ClientReadableStream`, any `AsyncIterable`, or `({ signal }) =>` either or a promise of one.
 * @param transform - Called with each message in order and its `index`, one at a time; may be async. Gives a value, an
 * event made by core's `sse()`, an array of these, or `null` or `undefined` to skip the message. An array that is meant as
 * one value goes into an array: `[[1, 2]]`.
 * @param options - `signal`, `onMetadata`, `onStatus`, `retry`, `expose`, `details`, `retryable`.
 * @returns An async iterator with `opened()`, `cancel(reason?)` and `[Symbol.asyncDispose]`.
 * @throws {TypeError} When an argument is of the wrong type or an option unknown.
 * @example
 * ```ts
 * import { credentials } from "@grpc/grpc-js";
 * import { grpcStreamToSse } from "@ssewire/adapter-grpc";
 * import { createGrpcClient } from "@ssewire/adapter-grpc/client";
 * import { SSEManager } from "@ssewire/core";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const client = createGrpcClient(DocumentService, "localhost:50051", { credentials: credentials.createInsecure() });
 *
 * export function GET(request: Request): Response {
 *   const progress = grpcStreamToSse(
 *     ({ signal }) => client.streamDocumentProgress({ documentId: "report" }, { signal }),
 *     (message) => ({ percent: message.percent }),
 *   );
 *   return SSEManager.createResponse(progress, { eventType: "progress", request });
 * }
 * ```
 * @see {@link https://grpc.io/docs/what-is-grpc/core-concepts/#server-streaming-rpc | gRPC, server streaming RPC}
 */
export function grpcStreamToSse<const Source extends GrpcStreamSource, Result>(
  source: Source,
  transform: (message: MessageOf<Source>, context: TransformContext) => Result,
  options?: GrpcStreamToSseOptions,
): GrpcSseStream<ValueOf<Awaited<Result>>>;
// For a transform that is not written in place: the compiler looks at it before it looks into the factory.
export function grpcStreamToSse<Message, Result>(
  source: (context: GrpcStreamContext) => GrpcStreamOf<Message> | PromiseLike<GrpcStreamOf<Message>>,
  transform: (message: Message, context: TransformContext) => Result,
  options?: GrpcStreamToSseOptions,
): GrpcSseStream<ValueOf<Awaited<Result>>>;
export function grpcStreamToSse(
  source: GrpcStreamSource,
  transform: (message: never, context: TransformContext) => unknown,
  options: GrpcStreamToSseOptions = {},
): GrpcSseStream<unknown> {
  if (typeof source !== "function" && !isGrpcCall(source) && !isAsyncIterable(source)) {
    throw wrongType(ACTION, "source", "a grpc-js call, an async iterable or a function that gives one", source);
  }
  if (typeof transform !== "function") throw wrongType(ACTION, "transform", "a function", transform);
  checkOptions(ACTION, options, OPTION_NAMES);
  const { signal, onMetadata, onStatus, retry, ...errors } = options;
  checkSignal(ACTION, signal);
  checkFunctions(ACTION, { onMetadata, onStatus, details: errors.details, retryable: errors.retryable });
  if (typeof (errors.expose ?? false) !== "boolean") throw wrongType(ACTION, "expose", "a boolean", errors.expose);
  if (retry !== undefined && typeof source !== "function") {
    throw new TypeError(`Cannot ${ACTION}: \`retry\` needs a factory for a source; a call can be read once`);
  }
  const retryPolicy = retry === undefined ? undefined : resolveRetry(ACTION, retry);

  // What the source gives is for the signatures above to say, and beyond what the compiler can follow from here.
  const untyped = transform as (message: unknown, context: TransformContext) => unknown;
  return new TransformedStream({
    source,
    transform: untyped,
    signal,
    observers: { onMetadata, onStatus },
    retryPolicy,
    errors,
  });
}
