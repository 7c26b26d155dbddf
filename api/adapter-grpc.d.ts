// What @ssewire/adapter-grpc exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

import type { errorData } from "@ssewire/core";

export interface GrpcCall {
  read(): unknown;
  on(event: "readable" | "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "metadata", listener: (metadata: GrpcMetadata) => void): unknown;
  on(event: "status", listener: (status: GrpcCallStatus) => void): unknown;
  cancel(): void;
  readonly destroyed?: boolean | undefined;
  readonly readableEnded?: boolean | undefined;
}

export interface GrpcCallStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: GrpcMetadata;
}

export interface GrpcErrorData {
  readonly code: GrpcStatusName;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly details?: unknown;
}

export interface GrpcErrorOptions {
  expose?: boolean | undefined;
  details?: ((error: GrpcStreamError) => unknown) | undefined;
  retryable?: ((error: GrpcStreamError) => boolean) | undefined;
}

export interface GrpcFailure {
  readonly code: number;
  readonly details: string;
  readonly metadata?: GrpcMetadata | undefined;
  readonly statusDetails?: readonly GrpcStatusDetail[] | undefined;
}

export interface GrpcMetadata {
  get(key: string): readonly (string | Uint8Array)[];
}

export interface GrpcRetryOptions {
  maxAttempts?: number | undefined;
  initialBackoffMs?: number | undefined;
  backoffMultiplier?: number | undefined;
  maxBackoffMs?: number | undefined;
}

export interface GrpcSseStream<Value> extends AsyncIterableIterator<Value, undefined, undefined> {
  opened(): Promise<void>;
  next(): Promise<IteratorResult<Value, undefined>>;
  return(): Promise<IteratorResult<Value, undefined>>;
  throw(error?: unknown): Promise<IteratorResult<Value, undefined>>;
  cancel(reason?: unknown): void;
  [Symbol.asyncDispose](): Promise<void>;
  [Symbol.asyncIterator](): GrpcSseStream<Value>;
}

export interface GrpcStatusDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export type GrpcStatusName =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

export type GrpcStream = GrpcCall | AsyncIterable<unknown>;

export interface GrpcStreamContext {
  readonly signal: AbortSignal;
}

export declare class GrpcStreamError extends Error {
  readonly name: string;
  readonly code: number;
  readonly status: GrpcStatusName;
  readonly details: string;
  readonly statusDetails: readonly GrpcStatusDetail[];
  readonly metadata: GrpcMetadata | undefined;
  readonly httpStatus: number;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(failure: GrpcFailure, options?: GrpcStreamErrorOptions);
}
export interface GrpcStreamError {
  readonly [errorData]: GrpcErrorData;
}

export interface GrpcStreamErrorOptions extends GrpcErrorOptions {
  cause?: unknown;
}

export type GrpcStreamFactory = (context: GrpcStreamContext) => GrpcStream | PromiseLike<GrpcStream>;

export type GrpcStreamOf<Message> =
  | (GrpcCall & {
      deserialize(bytes: never): Message;
    })
  | (AsyncIterable<Message> & {
      readonly deserialize?: undefined;
    });

export type GrpcStreamSource = GrpcStream | GrpcStreamFactory;

export interface GrpcStreamToSseOptions extends GrpcErrorOptions {
  signal?: AbortSignal | undefined;
  onMetadata?: ((metadata: GrpcMetadata) => unknown) | undefined;
  onStatus?: ((status: GrpcCallStatus) => unknown) | undefined;
  retry?: GrpcRetryOptions | undefined;
}

export type MessageOf<Source> = Source extends (context: GrpcStreamContext) => infer Opened
  ? MessageOf<Awaited<Opened>>
  : Source extends {
        deserialize(bytes: never): infer Message;
      }
    ? Message
    : Source extends AsyncIterable<infer Message>
      ? Message
      : Source extends {
            read(): infer Message;
          }
        ? Exclude<Message, null>
        : never;

export interface TransformContext {
  readonly index: number;
}

export type ValueOf<Result> = Result extends readonly (infer Element)[]
  ? Exclude<Element, null | undefined>
  : Exclude<Result, null | undefined | void>;

export declare function grpcStreamToSse<const Source extends GrpcStreamSource, Result>(
  source: Source,
  transform: (message: MessageOf<Source>, context: TransformContext) => Result,
  options?: GrpcStreamToSseOptions,
): GrpcSseStream<ValueOf<Awaited<Result>>>;
export declare function grpcStreamToSse<Message, Result>(
  source: (context: GrpcStreamContext) => GrpcStreamOf<Message> | PromiseLike<GrpcStreamOf<Message>>,
  transform: (message: Message, context: TransformContext) => Result,
  options?: GrpcStreamToSseOptions,
): GrpcSseStream<ValueOf<Awaited<Result>>>;
