import type { SourceContext } from "./open-source.ts";

/** One getter for all of them: with a function of its own, each object would have a hidden class of its own. */
const signalProperty: PropertyDescriptor & ThisType<LazySourceContext> = {
  get() {
    return this.getSignal();
  },
  enumerable: true,
};

/**
 * What a source factory is given. Its signal is made for those who ask for it: an AbortController weighs as much as a
 * quarter of an idle stream.
 */
export class LazySourceContext implements SourceContext {
  readonly lastEventId: string | undefined;
  // An own property, so that a context can be spread.
  declare readonly signal: AbortSignal;
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  constructor(lastEventId: string | undefined) {
    this.lastEventId = lastEventId;
    Object.defineProperty(this, "signal", signalProperty);
  }

  getSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
