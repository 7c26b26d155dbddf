import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type Client, type ClientReadableStream, type StatusObject, status } from "@grpc/grpc-js";
import type { CallDefaults, GrpcCallOptions } from "./call-options.ts";
import { cancelCall } from "./cancel-call.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { toGrpcStreamError } from "./grpc-stream-error.ts";
import { type AnyRequest, type PreparedCall, prepareCall } from "./prepare-call.ts";
import { methodName } from "./service-definition.ts";

type AnyMethod = (request: AnyRequest, options?: GrpcCallOptions) => ClientReadableStream<Message> | Promise<Message>;

/** The function of a client that calls `method`; one that throws for client streaming and bidi methods. */
export function clientMethod(pool: ConnectionPool, defaults: CallDefaults, method: DescMethod): AnyMethod {
  const prepare = (request: AnyRequest, options: GrpcCallOptions): PreparedCall =>
    prepareCall(method, request, options, defaults);
  switch (method.methodKind) {
    case "unary":
      return async (request, options = {}) => callUnary(pool, prepare(request, options));
    case "server_streaming":
      return (request, options = {}) => openServerStream(pool, prepare(request, options));
    default:
      return () => {
        const kind = method.methodKind === "client_streaming" ? "client streaming" : "bidi streaming";
        throw new TypeError(`Cannot call ${methodName(method)}: ${kind} methods are not supported, use grpc-js itself`);
      };
  }
}

function openServerStream(pool: ConnectionPool, prepared: PreparedCall): ClientReadableStream<Message> {
  const { path, serialize, deserialize, message, metadata, callOptions } = prepared;
  const call = openCall(pool, prepared, (client) =>
    client.makeServerStreamRequest(path, serialize, deserialize, message, metadata, callOptions),
  );
  // A server that is down must not end the process because the stream has not found its reader yet. The failure is not
  // lost: `grpcStreamToSse` takes a call that ended before it was handed over for a failed one.
  call.on("error", () => undefined);
  return call;
}

function callUnary(pool: ConnectionPool, prepared: PreparedCall): Promise<Message> {
  const { path, serialize, deserialize, message, metadata, callOptions } = prepared;
  return new Promise((resolve, reject) => {
    openCall(pool, prepared, (client) =>
      client.makeUnaryRequest(path, serialize, deserialize, message, metadata, callOptions, (error, response) => {
        if (response === undefined) reject(toGrpcStreamError(error));
        else resolve(response);
      }),
    );
  });
}

interface OpenedCall {
  cancel(): void;
  once(event: "status", listener: (status: StatusObject) => void): unknown;
}

function openCall<Call extends OpenedCall>(
  pool: ConnectionPool,
  { action, signal, abandon }: PreparedCall,
  start: (client: Client) => Call,
): Call {
  try {
    const call = pool.open(action, start);
    cancelOnAbort(call, signal);
    // One that has passed already is lost to HTTP/2 like a `cancel()` in the tick in which the call was made.
    call.once("status", ({ code }) => code === status.DEADLINE_EXCEEDED && cancelCall(call));
    return call;
  } catch (error) {
    // An interceptor threw, maybe after the RPC had been opened: its server would wait for the request for ever.
    abandon();
    throw error;
  }
}

function cancelOnAbort(call: OpenedCall, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const onAbort = (): void => cancelCall(call);
  // An interceptor has run in the meantime.
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  call.once("status", () => signal.removeEventListener("abort", onAbort));
}
