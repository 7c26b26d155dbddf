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

/**
 * The same for many who ask in one turn: they are called one after the other, from a single call back. A thousand streams
 * that each wait by themselves cost the host more than what they have to do.
 */
export function togetherAtEndOfTurn(): (callback: () => void) => void {
  let waiting: (() => void)[] = [];
  const callAll = (): void => {
    const callbacks = waiting;
    waiting = [];
    for (const callback of callbacks) {
      try {
        callback();
      } catch (error) {
        // As it would be thrown if it had been called by itself, and the others are called all the same.
        atEndOfTurn(() => {
          throw error;
        });
      }
    }
  };
  return (callback) => {
    if (waiting.push(callback) === 1) atEndOfTurn(callAll);
  };
}
