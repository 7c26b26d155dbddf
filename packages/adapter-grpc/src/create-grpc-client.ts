import {
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { ChannelCredentials, type ChannelOptions, Client, type ClientReadableStream } from "@grpc/grpc-js";
import { type GrpcCallOptions, resolveCallOptions } from "./call-options.ts";
import { cancelCall } from "./cancel-call.ts";
import { checkOptions } from "./check-options.ts";
import { GrpcStreamError, toGrpcStreamError } from "./grpc-stream-error.ts";
import { checkService, methodPath, serializeMessage } from "./service-definition.ts";
import { wrongType } from "./wrong-type.ts";

/**
 * A client for the unary and server streaming methods of a service. Methods of the two other kinds are not among its
 * keys, and throw when called all the same.
 */
export type GrpcClient<Service extends DescService> = GrpcClientMethods<Service["method"]> & {
  /**
   * Closes the connection, once the calls under way are over. Calls made later throw. Cancel streams by their `signal`
   * first.
   */
  close(): void;
  /** The same as `close()`, for `using`. */
  [Symbol.dispose](): void;
};

type TypedMethod = Pick<DescMethod, "methodKind" | "input" | "output">;

type GrpcClientMethods<Methods extends Record<string, TypedMethod>> = {
  readonly [Name in keyof Methods as Methods[Name]["methodKind"] extends "unary" | "server_streaming"
    ? Name
    : never]: GrpcClientMethod<Methods[Name]>;
};

/** A method of a {@link GrpcClient}. */
export type GrpcClientMethod<Method extends TypedMethod> = (
  request: MessageInitShape<Method["input"]>,
  options?: GrpcCallOptions,
) => Method["methodKind"] extends "unary"
  ? Promise<MessageShape<Method["output"]>>
  : ClientReadableStream<MessageShape<Method["output"]>>;

/** Options of {@link createGrpcClient}. */
export interface GrpcClientOptions {
  /** `credentials.createInsecure()`, `credentials.createSsl(...)` and so on, of `@grpc/grpc-js`. */
  credentials: ChannelCredentials;

  /**
   * Options of the grpc-js channel, such as `"grpc.max_receive_message_length"`.
   *
   * @defaultValue keepalive every 310 000 ms while there are calls, with a timeout of 20 000 ms
   */
  channelOptions?: ChannelOptions | undefined;
}

/**
 * A long stream may say nothing for hours, and when its peer is gone without a word (a NAT that forgot, a power cut) only
 * a ping finds out: without one, grpc-js waits for ever. Servers made with gRPC's C++, Go and Java libraries close a
 * connection on which pings come more often than every five minutes, with all its streams; ours come a little later than
 * that, and just before the 350 s after which some load balancers forget. Where the server permits it, set
 * `grpc.keepalive_time_ms` lower. (A grpc-js server tolerates any pace.)
 */
const KEEPALIVE: ChannelOptions = {
  "grpc.keepalive_time_ms": 310_000,
  "grpc.keepalive_timeout_ms": 20_000,
};

const ACTION = "create gRPC client";

/**
 * Makes a grpc-js client for a service described by protobuf-es, fully typed.
 *
 * A server streaming method gives a grpc-js `ClientReadableStream`: hand it to `grpcStreamToSse`. A unary method gives a
 * promise. Nothing is connected before the first call; when nobody listens at the address, calls fail with UNAVAILABLE.
 *
 * **Backpressure**: that of whoever reads the stream, so `grpcStreamToSse`'s. **Cancellation**: by `signal`, by leaving
 * `grpcStreamToSse`, or by the stream's own `cancel()`, which grpc-js loses in the tick in which the call was made. A signal
 * that is aborted already keeps the call from being made: it throws a {@link GrpcStreamError} with CANCELLED. **Errors**: a
 * unary call rejects with a {@link GrpcStreamError}; a stream emits grpc-js' own error, which `grpcStreamToSse` makes one
 * of. One that comes before anybody listens does not end the process.
 *
 * @param service - A service descriptor as protoc-gen-es 2 generates it. One with an rpc named `Close` is refused: it
 * would take the place of the client's own.
 * @param address - Target of the channel, such as `"localhost:50051"` or `"dns:///progress.internal:443"`; no URL.
 * @param options - `credentials`, `channelOptions`.
 * @returns An object with a function per method, named as in the descriptor (lower camel case), and `close()`.
 * @throws {TypeError} When an argument is of the wrong type, an option unknown, or the service has an rpc named `Close`.
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
  checkAddress(address);
  checkOptions(ACTION, options, ["credentials", "channelOptions"]);
  const { credentials, channelOptions = {} } = options;
  if (!(credentials instanceof ChannelCredentials)) {
    throw wrongType(ACTION, "credentials", "ChannelCredentials of @grpc/grpc-js", credentials);
  }
  if (typeof channelOptions !== "object" || channelOptions === null) {
    throw wrongType(ACTION, "channelOptions", "an object", channelOptions);
  }
  const closing = service.methods.find((method) => method.localName === "close");
  if (closing !== undefined) {
    throw new TypeError(`Cannot ${ACTION}: rpc ${methodName(closing)} would hide the client's own \`close\``);
  }

  const client = new Client(address, credentials, { ...KEEPALIVE, ...channelOptions });
  const close = (): void => client.close();
  const methods = service.methods.map((method) => [method.localName, clientMethod(client, method)]);
  // The names are those of `service.method`; `Object.fromEntries` forgets them.
  return { ...Object.fromEntries(methods), close, [Symbol.dispose]: close } as GrpcClient<Service>;
}

function checkAddress(address: unknown): void {
  if (typeof address !== "string") throw wrongType(ACTION, "address", "a string", address);
  if (address === "") throw new TypeError(`Cannot ${ACTION}: \`address\` is empty`);
  // grpc-js would look up a host of that name.
  if (/^https?:/i.test(address)) {
    throw new TypeError(`Cannot ${ACTION}: \`address\` is a URL, \`${address}\`; give "host:port" or a gRPC target`);
  }
}

type AnyRequest = MessageInitShape<DescMethod["input"]>;

function clientMethod(
  client: Client,
  method: DescMethod,
): (request: AnyRequest, options?: GrpcCallOptions) => ClientReadableStream<Message> | Promise<Message> {
  switch (method.methodKind) {
    case "unary":
      return (request, options = {}) => callUnary(client, method, request, options);
    case "server_streaming":
      return (request, options = {}) => openServerStream(client, method, request, options);
    default:
      return () => {
        const kind = method.methodKind === "client_streaming" ? "client streaming" : "bidi streaming";
        throw new TypeError(`Cannot call ${methodName(method)}: ${kind} methods are not supported, use grpc-js itself`);
      };
  }
}

function openServerStream(
  client: Client,
  method: DescMethod,
  request: AnyRequest,
  options: GrpcCallOptions,
): ClientReadableStream<Message> {
  const { bytes, deserialize, metadata, deadline, signal } = prepareCall(method, request, options);
  const call = client.makeServerStreamRequest(methodPath(method), asIs, deserialize, bytes, metadata, { deadline });
  // A server that is down must not end the process because the stream has not found its reader yet. The failure is not
  // lost: `grpcStreamToSse` takes a call that ended before it was handed over for a failed one.
  call.on("error", () => undefined);
  cancelOnAbort(call, signal);
  return call;
}

async function callUnary(
  client: Client,
  method: DescMethod,
  request: AnyRequest,
  options: GrpcCallOptions,
): Promise<Message> {
  const { bytes, deserialize, metadata, deadline, signal } = prepareCall(method, request, options);
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      methodPath(method),
      asIs,
      deserialize,
      bytes,
      metadata,
      { deadline },
      (error, response) => {
        if (response === undefined) reject(toGrpcStreamError(error));
        else resolve(response);
      },
    );
    cancelOnAbort(call, signal);
  });
}

interface PreparedCall extends ReturnType<typeof resolveCallOptions> {
  readonly bytes: Buffer;
  readonly deserialize: (bytes: Buffer) => Message;
}

/** Everything that can be wrong about a call, before anything is sent. */
function prepareCall(method: DescMethod, request: AnyRequest, options: GrpcCallOptions): PreparedCall {
  const action = `call ${methodName(method)}`;
  const resolved = resolveCallOptions(action, options);
  if (resolved.signal?.aborted === true) {
    const failure = { code: 1, details: `Cannot ${action}: the signal is aborted already` };
    throw new GrpcStreamError(failure, { cause: resolved.signal.reason });
  }
  return {
    ...resolved,
    bytes: serializeRequest(action, method, request),
    deserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

/**
 * Done here and not by grpc-js, which answers a serializer that throws by cancelling the call in the tick in which it was
 * made: on a warm channel that is lost (see `cancelCall`), and the server waits for the request for ever.
 */
function serializeRequest(action: string, method: DescMethod, request: AnyRequest): Buffer {
  try {
    return serializeMessage(method.input, request);
  } catch (cause) {
    throw new TypeError(`Cannot ${action}: the request is not a valid ${method.input.typeName}`, { cause });
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** grpc-js emits 'status' exactly once, last of all, however a call ends. */
function cancelOnAbort(
  call: { cancel(): void; once(event: "status", listener: () => void): unknown },
  signal: AbortSignal | undefined,
): void {
  if (signal === undefined) return;
  const onAbort = (): void => cancelCall(call);
  signal.addEventListener("abort", onAbort);
  call.once("status", () => signal.removeEventListener("abort", onAbort));
}

function methodName(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
