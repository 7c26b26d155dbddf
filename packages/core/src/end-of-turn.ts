// Declared here as the one thing used of it: core knows no Node types, and not every runtime has it.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/**
 * Calls back at the end of the current turn of the event loop.
 *
 * A microtask would not do: what arrives in one turn arrives in many of them. Without `setImmediate` a channel is next
 * in latency; it is made for the one call, as Workers forbid one request to touch what another one made.
 */
export function atEndOfTurn(callback: () => void): void {
  if (typeof setImmediate === "function") {
    setImmediate(callback);
  } else if (typeof MessageChannel === "function") {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(0);
  } else {
    setTimeout(callback, 0);
  }
}
