export type { GrpcCall, GrpcCallStatus } from "./grpc-call-source.ts";
export type { GrpcFailure } from "./grpc-failure.ts";
export type { GrpcMetadata } from "./grpc-metadata.ts";
export type { GrpcSseStream } from "./grpc-sse-stream.ts";
export type { GrpcStatusName } from "./grpc-status.ts";
export {
  type GrpcErrorData,
  type GrpcErrorOptions,
  GrpcStreamError,
  type GrpcStreamErrorOptions,
} from "./grpc-stream-error.ts";
export {
  type GrpcStream,
  type GrpcStreamContext,
  type GrpcStreamFactory,
  type GrpcStreamOf,
  type GrpcStreamSource,
  type GrpcStreamToSseOptions,
  grpcStreamToSse,
  type MessageOf,
  type TransformContext,
  type ValueOf,
} from "./grpc-stream-to-sse.ts";
export type { GrpcRetryOptions } from "./retry-policy.ts";
export type { GrpcStatusDetail } from "./status-details.ts";
