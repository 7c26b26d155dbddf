/**
 * Cancels an RPC for certain, whenever it is called; cancelling a call that is over does nothing.
 *
 * On a warm channel grpc-js 1.14 loses a `cancel()` made in the tick in which the call was started: the call reports
 * CANCELLED at once, but its HTTP/2 stream is opened a microtask later and never reset (`ResolvingCall.getConfig` does not
 * look whether the call has ended). In the next turn of the event loop the stream is there and the reset is sent.
 */
export function cancelCall(call: { cancel(): void }): void {
  cancelQuietly(call);
  setImmediate(() => cancelQuietly(call));
}

function cancelQuietly(call: { cancel(): void }): void {
  try {
    call.cancel();
  } catch {
    // That of grpc-js does not throw. That of another has nobody left to tell, and must not keep the stream from ending.
  }
}
