import { type EventFields, encodeEvent } from "./encode-event.ts";
import { type SseEvent, sse } from "./sse-event.ts";

const frameKey: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.frame");

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Makes an event that is encoded here and now, once, however many streams send it: their `serialize` and `eventType` no
 * longer matter.
 *
 * @param fields - The fields to write; `data` is text.
 * @param data - What the `onEvent` hook of a stream is told the data is.
 * @returns An event for sources to yield.
 * @throws What {@link encodeEvent} throws.
 * @example
 * ```ts
 * import { encodedEvent } from "@ssewire/core";
 *
 * const event = encodedEvent({ id: "7", event: "progress", data: JSON.stringify({ percent: 50 }) });
 * ```
 */
export function encodedEvent(fields: EventFields, data: unknown = fields.data): SseEvent {
  const { id, event, retry, comment } = fields;
  return Object.assign(sse(data, { id, event, retry, comment }), { [frameKey]: encoder.encode(encodeEvent(fields)) });
}

/** The frame of an event made by {@link encodedEvent}, the same bytes for all; `undefined` of any other. */
export function frameOf(event: object): Uint8Array<ArrayBuffer> | undefined {
  const frame = frameKey in event ? event[frameKey] : undefined;
  // Another copy of this package may have made it.
  return isBytes(frame) ? frame : undefined;
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array;
}
