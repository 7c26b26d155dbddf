export type { GrpcMetadataInit } from "./call-metadata.ts";
export type { GrpcCallOptions } from "./call-options.ts";
export { createGrpcClient, type GrpcClient, type GrpcClientMethod } from "./create-grpc-client.ts";
export type { GrpcClientOptions } from "./grpc-client-options.ts";
export type { GrpcMetadataValue } from "./metadata-entry.ts";
export { metadataFromHeaders } from "./metadata-from-headers.ts";
export {
  type GrpcServiceDefinition,
  type GrpcServiceImplementation,
  serviceDefinition,
} from "./service-definition.ts";
