import type { Interceptor, status as Status } from "@grpc/grpc-js";

/** What an interceptor hands its calls on to. */
export type NextCall = ReturnType<Parameters<Interceptor>[1]>;

/**
 * A call that is made when its interceptors let it start, which may be long after the caller has got it: they fetch a token.
 *
 * grpc-js makes it at once, and one that is cancelled or whose deadline passes before it has started ends with a status that
 * nobody receives, then or later: its promise never settles.
 */
export function lateCall(make: () => NextCall): NextCall {
  let call: NextCall | undefined;
  let isCancelled = false;
  let isReading = false;
  return {
    start(metadata, listener) {
      if (isCancelled) return;
      call = make();
      call.start(metadata, listener);
      if (isReading) call.startRead();
    },
    cancelWithStatus(code: Status, details: string) {
      isCancelled = true;
      call?.cancelWithStatus(code, details);
    },
    startRead() {
      isReading = true;
      call?.startRead();
    },
    // grpc-js holds these back until the call has started.
    sendMessageWithContext: (context, message) => call?.sendMessageWithContext(context, message),
    sendMessage: (message) => call?.sendMessage(message),
    halfClose: () => call?.halfClose(),
    getPeer: () => call?.getPeer() ?? "unknown",
    getAuthContext: () => call?.getAuthContext() ?? null,
  };
}
