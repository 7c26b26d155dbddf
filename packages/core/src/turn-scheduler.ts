// Declared here as the one thing used of it: core knows no Node types, and not every runtime has it.
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Runs a callback at the end of the current turn of the event loop, once however often it was asked to. */
export class TurnScheduler {
  readonly #callback: () => void;
  #scheduled = false;
  #channel: MessageChannel | undefined;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // In this order for latency. A microtask would not do: what arrives in one turn arrives in many of them.
    if (typeof setImmediate === "function") setImmediate(this.#run);
    else if (typeof MessageChannel === "function") this.#postMessage();
    else setTimeout(this.#run, 0);
  }

  /** Frees what the scheduler holds; a callback that is still due is not called. */
  dispose(): void {
    this.#scheduled = false;
    this.#channel?.port1.close();
  }

  readonly #run = (): void => {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    this.#callback();
  };

  /** The channel belongs to this stream: Workers forbid one request to touch what another one made. */
  #postMessage(): void {
    if (this.#channel === undefined) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = this.#run;
    }
    this.#channel.port2.postMessage(undefined);
  }
}
