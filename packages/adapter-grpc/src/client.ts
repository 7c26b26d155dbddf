export type { GrpcCallOptions } from "./call-options.ts";
export {
  createGrpcClient,
  type GrpcClient,
  type GrpcClientMethod,
  type GrpcClientOptions,
} from "./create-grpc-client.ts";
export {
  type GrpcServiceDefinition,
  type GrpcServiceImplementation,
  serviceDefinition,
} from "./service-definition.ts";
