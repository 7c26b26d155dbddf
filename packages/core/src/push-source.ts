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

/** Lets `stream` carry what drives it. */
export function carryPushSource(stream: object, source: PushSource): void {
  Object.defineProperty(stream, pushSourceKey, { value: source });
}
