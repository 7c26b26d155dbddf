import type { DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ClientReadableStream } from "@grpc/grpc-js";
import type { GrpcCallOptions } from "./call-options.ts";
import { clientMethod } from "./client-method.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { type GrpcClientOptions, resolveClientOptions } from "./grpc-client-options.ts";
import { checkService, methodName } from "./service-definition.ts";

/**
 * A client for the unary and server streaming methods of a service. Methods of the two other kinds are not among its
 * keys, and throw when called all the same.
 */
export type GrpcClient<Service extends DescService> = GrpcClientMethods<Service["method"]> & {
  /**
   * Closes the connections, once the calls under way are over. Calls made later throw. Cancel streams by their `signal`
   * first.
   */
  close(): void;
  /** The same as `close()`, for `using`. */
  [Symbol.dispose](): void;
};

type TypedMethod = Pick<DescMethod, "methodKind" | "input" | "output">;

type GrpcClientMethods<Methods extends Record<string, TypedMethod>> = {
  readonly [Name in keyof Methods as Methods[Name]["methodKind"] extends "unary" | "server_streaming"
    ? GrpcClientKey<Name>
    : never]: GrpcClientMethod<Methods[Name]>;
};

type GrpcClientKey<Name> = Name extends "then" ? "then$" : Name;

/** A method of a {@link GrpcClient}. */
export type GrpcClientMethod<Method extends TypedMethod> = (
  request: MessageInitShape<Method["input"]>,
  options?: GrpcCallOptions,
) => Method["methodKind"] extends "unary"
  ? Promise<MessageShape<Method["output"]>>
  : ClientReadableStream<MessageShape<Method["output"]>>;

const ACTION = "create gRPC client";

/**
 * Makes a grpc-js client for a service described by protobuf-es, fully typed.
 *
 * A server streaming method gives a grpc-js `ClientReadableStream`: hand it to `grpcStreamToSse`. A unary method gives a
 * promise. Nothing is connected before the first call; when nobody listens at the address, calls fail with UNAVAILABLE.
 *
 * **Backpressure**: that of whoever reads the stream, so `grpcStreamToSse`'s. **Cancellation**: by `signal`, by leaving
 * `grpcStreamToSse`, or by the stream's own `cancel()`, which grpc-js loses in the tick in which the call was made.
 * **Errors**: a unary call rejects with a {@link GrpcStreamError}; a stream emits grpc-js' own error, which
 * `grpcStreamToSse` makes one of. One that comes before anybody listens does not end the process. What is wrong before the
 * call is made (an option, metadata that cannot be sent, a request that cannot be encoded, a signal that is aborted
 * already) is thrown by a streaming method, and nothing is sent; a unary one rejects.
 *
 * **Connections**: one, which carries at most the server's MAX_CONCURRENT_STREAMS calls, further ones wait in silence: see
 * `maxCallsPerConnection`.
 *
 * @param service - A service descriptor as protoc-gen-es 2 generates it. One with an rpc named `Close` is refused: it
 * would take the place of the client's own.
 * @param address - Target of the channel, such as `"localhost:50051"` or `"dns:///progress.internal:443"`; no URL.
 * @param options - `credentials`, `channelOptions`, `maxCallsPerConnection`, `metadata`, `interceptors`.
 * @returns An object with a function per method, named as in the descriptor (lower camel case), and `close()`. An rpc named
 * `Then` becomes `then$`, or `await` would take the client for a promise; protoc-gen-es does so with `constructor$`,
 * `toString$` and a few others.
 * @throws {TypeError} When an argument is of the wrong type, an option unknown, metadata cannot be sent, or the service has
 * an rpc named `Close`.
 * @throws {RangeError} When `maxCallsPerConnection` is not an integer of at least 1.
 * @example
 * ```ts
 * import { credentials } from "@grpc/grpc-js";
 * import { createGrpcClient } from "@ssewire/adapter-grpc/client";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const client = createGrpcClient(DocumentService, "localhost:50051", { credentials: credentials.createInsecure() });
 * for await (const { percent } of client.streamDocumentProgress({ documentId: "report" }, { timeoutMs: 60_000 })) {
 *   console.log(percent);
 * }
 * client.close();
 * ```
 * @see {@link https://github.com/grpc/grpc/blob/master/doc/naming.md | gRPC name resolution}
 */
export function createGrpcClient<Service extends DescService>(
  service: Service,
  address: string,
  options: GrpcClientOptions,
): GrpcClient<Service> {
  checkService(ACTION, service);
  const { target, defaults } = resolveClientOptions(ACTION, address, options);
  const closing = service.methods.find((method) => method.localName === "close");
  if (closing !== undefined) {
    throw new TypeError(`Cannot ${ACTION}: rpc ${methodName(closing)} would hide the client's own \`close\``);
  }

  const pool = new ConnectionPool(target);
  const close = (): void => pool.close();
  const methods = service.methods.map((method) => [methodKey(method), clientMethod(pool, defaults, method)]);
  // The names are those of `service.method`; `Object.fromEntries` forgets them.
  return { ...Object.fromEntries(methods), close, [Symbol.dispose]: close } as GrpcClient<Service>;
}

/** A client with a method `then` would be called by the first `await` that gets hold of it, which would then never settle. */
function methodKey({ localName }: DescMethod): string {
  return localName === "then" ? "then$" : localName;
}
