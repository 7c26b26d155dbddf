import { create, type DescMethod, fromBinary, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, status } from "@grpc/grpc-js";
import { callInterceptors } from "./call-interceptors.ts";
import {
  type CallDefaults,
  type GrpcCallOptions,
  type ResolvedCallOptions,
  resolveCallOptions,
} from "./call-options.ts";
import { GrpcStreamError } from "./grpc-stream-error.ts";
import { methodName, methodPath, serializeMessage } from "./service-definition.ts";

/** The request of any method. */
export type AnyRequest = MessageInitShape<DescMethod["input"]>;

/** A call that is ready to be made. */
export interface PreparedCall extends ResolvedCallOptions {
  readonly action: string;
  readonly path: string;
  readonly message: Message;
  readonly serialize: (message: Message) => Buffer;
  readonly deserialize: (bytes: Buffer) => Message;
  readonly callOptions: CallOptions;
  /** For a call that could not be made: releases what its interceptors have opened. */
  readonly abandon: () => void;
}

/** Finds everything that can be wrong about a call before anything is sent. */
export function prepareCall(
  method: DescMethod,
  request: AnyRequest,
  options: GrpcCallOptions,
  defaults: CallDefaults,
): PreparedCall {
  const action = `call ${methodName(method)}`;
  const resolved = resolveCallOptions(action, options, defaults);
  const { signal, deadline } = resolved;
  if (signal?.aborted === true) {
    const failure = { code: status.CANCELLED, details: `Cannot ${action}: the signal is aborted already` };
    throw new GrpcStreamError(failure, { cause: signal.reason });
  }
  const { interceptors, release, abandon } = callInterceptors(resolved.interceptors);
  return {
    ...resolved,
    ...serializeRequest(action, method, request, interceptors.length > 0, release),
    action,
    path: methodPath(method),
    deserialize: (bytes) => fromBinary(method.output, bytes),
    callOptions: { deadline, interceptors },
    abandon,
  };
}

/**
 * Done here and not by grpc-js, which answers a serializer that throws by cancelling the call in the tick in which it was
 * made: on a warm channel that is lost (see `cancelCall`), and the server waits for the request for ever.
 *
 * Interceptors may give another message, or the same one changed: these bytes are a rehearsal then.
 */
function serializeRequest(
  action: string,
  method: DescMethod,
  request: AnyRequest,
  isIntercepted: boolean,
  release: () => void,
): Pick<PreparedCall, "message" | "serialize"> {
  try {
    const message = create(method.input, request);
    const bytes = serializeMessage(method.input, message);
    return { message, serialize: isIntercepted ? serializeAnew : () => bytes };
  } catch (cause) {
    throw new TypeError(`Cannot ${action}: the request is not a valid ${method.input.typeName}`, { cause });
  }

  function serializeAnew(message: Message): Buffer {
    try {
      return serializeMessage(method.input, message);
    } catch (error) {
      release();
      throw error;
    }
  }
}
