export type { GrpcCall } from "./grpc-call-source.ts";
export type { GrpcSseStream } from "./grpc-sse-stream.ts";
export type { GrpcStatusName } from "./grpc-status.ts";
export {
  type GrpcErrorData,
  type GrpcFailure,
  type GrpcMetadata,
  GrpcStreamError,
  type GrpcStreamErrorOptions,
} from "./grpc-stream-error.ts";
export {
  type GrpcStream,
  type GrpcStreamContext,
  type GrpcStreamFactory,
  type GrpcStreamSource,
  type GrpcStreamToSseOptions,
  grpcStreamToSse,
  type MessageOf,
  type TransformContext,
  type ValueOf,
} from "./grpc-stream-to-sse.ts";
