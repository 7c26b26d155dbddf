import { cancelCall } from "./cancel-call.ts";
import type { GrpcMetadata } from "./grpc-metadata.ts";
import { GrpcStreamError } from "./grpc-stream-error.ts";
import type { MessageSource } from "./message-source.ts";

/** How a call ended, OK included. */
export interface GrpcCallStatus {
  /** Status code as it was received; 0 is OK. */
  readonly code: number;
  /** Status message as it was received. Not safe to show. */
  readonly details: string;
  /** Trailing metadata. */
  readonly metadata: GrpcMetadata;
}

/** Told of what a grpc-js call says besides its messages. What they throw, or reject with, the call fails with. */
export interface CallObservers {
  readonly onMetadata?: ((metadata: GrpcMetadata) => unknown) | undefined;
  readonly onStatus?: ((status: GrpcCallStatus) => unknown) | undefined;
}

/**
 * What is needed of a grpc-js `ClientReadableStream`.
 *
 * @see {@link https://grpc.github.io/grpc/node/grpc-ClientReadableStream.html | grpc.ClientReadableStream}
 */
export interface GrpcCall {
  /** Takes a message out of the stream's buffer, `null` when it is empty. */
  read(): unknown;
  /** Adds a listener. */
  on(event: "readable" | "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "metadata", listener: (metadata: GrpcMetadata) => void): unknown;
  on(event: "status", listener: (status: GrpcCallStatus) => void): unknown;
  /** Cancels the RPC. */
  cancel(): void;
  /** Whether somebody has destroyed the call, with messages unread. */
  readonly destroyed?: boolean | undefined;
  /** Whether all messages were read and `'end'` was emitted. */
  readonly readableEnded?: boolean | undefined;
}

/** Whether `value` is a call as grpc-js makes them for server streaming and bidi methods. */
export function isGrpcCall(value: unknown): value is GrpcCall {
  return (
    typeof value === "object" &&
    value !== null &&
    "read" in value &&
    typeof value.read === "function" &&
    "on" in value &&
    typeof value.on === "function" &&
    "cancel" in value &&
    typeof value.cancel === "function"
  );
}

/**
 * Reads a grpc-js call, from now on.
 *
 * Flow control: a call that nobody reads takes in whatever the server sends. A 'readable' listener makes the stream fill
 * its buffer once, with 16 messages, and then ask for one as one is read; beyond that HTTP/2 holds the server back. (A
 * 'data' listener would make it flow.)
 *
 * Endings: grpc-js pushes end-of-file for every status, then emits 'error' unless it is OK, then 'status'. So a failure
 * overtakes the messages still buffered, and an end counts only if a status was seen: a call that failed before it got
 * here looks just like one that succeeded. The listeners stay, because a call that is cancelled still emits an 'error',
 * and without a listener that is an uncaught exception.
 */
export function readGrpcCall(call: GrpcCall, wake: () => void, observers: CallObservers): MessageSource {
  let isOpen = false;
  let isOver = false;
  let isAtEnd = false;
  let failure: { readonly error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    wake();
  };
  const observe = async <Event>(observer: ((event: Event) => unknown) | undefined, event: Event): Promise<void> => {
    try {
      await observer?.(event);
    } catch (error) {
      fail(error);
    }
  };
  const onMetadata = (metadata: GrpcMetadata): void => {
    isOpen = true;
    void observe(observers.onMetadata, metadata);
    wake();
  };
  const onStatus = (status: GrpcCallStatus): void => {
    isOver = true;
    void observe(observers.onStatus, status);
  };
  const onEnd = (): void => {
    isAtEnd = true;
    if (isOver) wake();
    else fail(outcomeUnknown("it ended before it was handed over; use a factory, or hand it over at once"));
  };
  const onClose = (): void => {
    if (!isAtEnd) fail(outcomeUnknown("it was destroyed before its end"));
  };

  call.on("error", fail);
  call.on("metadata", onMetadata);
  call.on("status", onStatus);
  call.on("end", onEnd);
  call.on("close", onClose);
  call.on("readable", wake);
  // These events have passed and will not come again.
  if (call.readableEnded === true) onEnd();
  else if (call.destroyed === true) onClose();

  return {
    read() {
      const message = call.read();
      if (message !== null) return { done: false, value: message };
      if (failure !== undefined) throw failure.error;
      return isAtEnd ? { done: true, value: undefined } : undefined;
    },
    get isOpen() {
      return isOpen;
    },
    cancel() {
      if (!isOver) cancelCall(call);
    },
  };
}

/** gRPC calls a call that ended without a status UNKNOWN. */
function outcomeUnknown(why: string): GrpcStreamError {
  const details = `Cannot read gRPC call: ${why}`;
  return new GrpcStreamError({ code: 2, details }, { cause: new Error(details) });
}
