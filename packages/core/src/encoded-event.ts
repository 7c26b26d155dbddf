import { type EventFields, encodeEvent } from "./encode-event.ts";
import { type SseEvent, sse } from "./sse-event.ts";

const frameKey: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.frame");

/** Key of the events that were joined. */
const partsKey: unique symbol = /* @__PURE__ */ Symbol("parts");

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

/** Makes one event of several that were encoded: its frame is theirs, one after the other. */
export function joinEvents(events: readonly SseEvent[]): SseEvent {
  const frames = events.map((event) => frameOf(event) ?? new Uint8Array());
  const joined = new Uint8Array(frames.reduce((bytes, frame) => bytes + frame.length, 0));
  let end = 0;
  for (const frame of frames) {
    joined.set(frame, end);
    end += frame.length;
  }
  return Object.assign(sse(undefined), { [frameKey]: joined, [partsKey]: events });
}

/** The events that one made by {@link joinEvents} stands for; of any other, itself. */
export function partsOf(event: SseEvent & { readonly [partsKey]?: readonly SseEvent[] }): readonly SseEvent[] {
  return event[partsKey] ?? [event];
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array;
}
