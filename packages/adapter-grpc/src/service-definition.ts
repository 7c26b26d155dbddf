import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
} from "@grpc/grpc-js";
import { wrongType } from "./wrong-type.ts";

/** The handlers that `Server.addService` wants for a service; responses may be given in their init form. */
export type GrpcServiceImplementation<Service extends DescService> = {
  [Name in keyof Service["method"]]: GrpcHandler<Service["method"][Name]>;
};

type GrpcHandler<Method extends Pick<DescMethod, "methodKind" | "input" | "output">> = {
  unary: handleUnaryCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  server_streaming: handleServerStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  client_streaming: handleClientStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
  bidi_streaming: handleBidiStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;
}[Method["methodKind"]];

/** What `serviceDefinition` gives: a grpc-js `ServiceDefinition` with the method names of the service. */
export type GrpcServiceDefinition<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: GrpcMethodDefinition<Service["method"][Name]>;
};

type GrpcMethodDefinition<Method extends Pick<DescMethod, "input" | "output">> = MethodDefinition<
  MessageInitShape<Method["input"]>,
  MessageInitShape<Method["output"]>
>;

/**
 * The grpc-js service definition for a service described by protobuf-es, all four kinds of methods.
 *
 * @param service - A service descriptor as protoc-gen-es 2 generates it.
 * @returns What `Server.addService` takes as its first argument; method names are those of the descriptor, lower camel
 * case.
 * @throws {TypeError} When `service` is not a service descriptor.
 * @example
 * ```ts
 * import { Server } from "@grpc/grpc-js";
 * import { type GrpcServiceImplementation, serviceDefinition } from "@ssewire/adapter-grpc/client";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const implementation: GrpcServiceImplementation<typeof DocumentService> = {
 *   streamDocumentProgress(call) {
 *     call.write({ percent: 50 });
 *     call.end();
 *   },
 * };
 *
 * new Server().addService(serviceDefinition(DocumentService), implementation);
 * ```
 * @see {@link https://protobufes.com/reference/descriptors/ | Protobuf-ES, descriptors}
 */
export function serviceDefinition<Service extends DescService>(service: Service): GrpcServiceDefinition<Service> {
  checkService("define service", service);
  const definitions = service.methods.map((method) => [method.localName, methodDefinition(method)]);
  // The names are those of `service.method`; `Object.fromEntries` forgets them.
  return Object.fromEntries(definitions) as GrpcServiceDefinition<Service>;
}

/** The name of a method in the `:path` of its calls. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** The name of a method as error messages show it. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

/** Bytes of a message. grpc-js writes them with `Buffer.copy`, so that a plain `Uint8Array` fails; this one is not copied. */
export function serializeMessage(schema: DescMessage, message: MessageInitShape<DescMessage>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws a `TypeError` unless `service` is what protoc-gen-es makes of a `service`. */
export function checkService(action: string, service: unknown): void {
  const isService = typeof service === "object" && service !== null && "kind" in service && service.kind === "service";
  if (!isService)
    throw wrongType(action, "service", "a service descriptor, as protoc-gen-es 2 generates them", service);
}

function methodDefinition(
  method: DescMethod,
): MethodDefinition<MessageInitShape<DescMessage>, MessageInitShape<DescMessage>> {
  return {
    path: methodPath(method),
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: (message) => serializeMessage(method.input, message),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => serializeMessage(method.output, message),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}
