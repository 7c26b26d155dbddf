// What @ssewire/adapter-grpc/client exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

import type { DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type {
  ChannelCredentials,
  ChannelOptions,
  ClientReadableStream,
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Interceptor,
  Metadata,
  MethodDefinition,
} from "@grpc/grpc-js";

export interface GrpcCallOptions {
  signal?: AbortSignal | undefined;
  deadline?: Date | number | undefined;
  timeoutMs?: number | undefined;
  metadata?: GrpcMetadataInit | undefined;
  interceptors?: readonly Interceptor[] | undefined;
}

export type GrpcClient<Service extends DescService> = GrpcClientMethods<Service["method"]> & {
  close(): void;
  [Symbol.dispose](): void;
};

export type GrpcClientMethod<Method extends TypedMethod> = (
  request: MessageInitShape<Method["input"]>,
  options?: GrpcCallOptions,
) => Method["methodKind"] extends "unary"
  ? Promise<MessageShape<Method["output"]>>
  : ClientReadableStream<MessageShape<Method["output"]>>;

export interface GrpcClientOptions {
  credentials: ChannelCredentials;
  channelOptions?: ChannelOptions | undefined;
  maxCallsPerConnection?: number | undefined;
  metadata?: GrpcMetadataInit | (() => GrpcMetadataInit) | undefined;
  interceptors?: readonly Interceptor[] | undefined;
}

export type GrpcMetadataInit =
  | Metadata
  | Readonly<Record<string, GrpcMetadataValue | readonly GrpcMetadataValue[] | undefined>>;

export type GrpcMetadataValue = string | Uint8Array;

export type GrpcServiceDefinition<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: GrpcMethodDefinition<Service["method"][Name]>;
};

export type GrpcServiceImplementation<Service extends DescService> = {
  [Name in keyof Service["method"]]: GrpcHandler<Service["method"][Name]>;
};

export declare function createGrpcClient<Service extends DescService>(
  service: Service,
  address: string,
  options: GrpcClientOptions,
): GrpcClient<Service>;

export declare function metadataFromHeaders(headers: Pick<Headers, "get">, allowList: readonly string[]): Metadata;

export declare function serviceDefinition<Service extends DescService>(
  service: Service,
): GrpcServiceDefinition<Service>;

// Not exported, but mentioned by what is:

type GrpcClientKey<Name> = Name extends "then" ? "then$" : Name;

type GrpcClientMethods<Methods extends Record<string, TypedMethod>> = {
  readonly [Name in keyof Methods as Methods[Name]["methodKind"] extends "unary" | "server_streaming"
    ? GrpcClientKey<Name>
    : never]: GrpcClientMethod<Methods[Name]>;
};

type GrpcHandler<Method extends Pick<DescMethod, "methodKind" | "input" | "output">> = {
  unary: handleUnaryCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  server_streaming: handleServerStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  client_streaming: handleClientStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  bidi_streaming: handleBidiStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
}[Method["methodKind"]];

type GrpcMethodDefinition<Method extends Pick<DescMethod, "input" | "output">> = MethodDefinition<
  MessageInitShape<Method["input"]>,
  MessageInitShape<Method["output"]>
>;

type TypedMethod = Pick<DescMethod, "methodKind" | "input" | "output">;

export {};
