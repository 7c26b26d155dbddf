import type { EventEngine } from "./event-engine.ts";
import type { EventSink } from "./event-sink.ts";

/**
 * Key under which the body of an event stream carries what drives it, so that a server adapter can have the chunks pushed
 * into its own response, without a Web Stream in between. Registered with `Symbol.for`: an adapter imports nothing.
 */
const pushSourceKey: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.pushSource");

/** What is under that key. Whoever takes it locks the body first. */
export interface PushSource {
  /** Changes with the meaning of anything here. */
  readonly version: 1;
  /** Whether nobody has read the body yet: only then may it be started. */
  readonly isIdle: boolean;
  /** Starts pushing chunks into the sink. */
  start(sink: EventSink): void;
  /** The sink wants more, after a `write` that returned `false`. */
  resume(): void;
  /** The reader has left. */
  cancel(reason: unknown): void;
}

/** Puts the push source of an engine on the stream that reads it otherwise. */
export function carryPushSource<Value>(stream: object, engine: EventEngine<Value>, isIdle: () => boolean): void {
  Object.defineProperty(stream, pushSourceKey, { value: new EnginePushSource(engine, isIdle) });
}

/** A class, as an object literal with a getter has a hidden class of its own each time. */
class EnginePushSource<Value> implements PushSource {
  readonly version = 1;
  readonly #engine: EventEngine<Value>;
  readonly #isIdle: () => boolean;

  constructor(engine: EventEngine<Value>, isIdle: () => boolean) {
    this.#engine = engine;
    this.#isIdle = isIdle;
  }

  get isIdle(): boolean {
    return this.#isIdle();
  }

  start(sink: EventSink): void {
    this.#engine.start(sink);
  }

  resume(): void {
    this.#engine.resume();
  }

  cancel(reason: unknown): void {
    this.#engine.cancel(reason);
  }
}
