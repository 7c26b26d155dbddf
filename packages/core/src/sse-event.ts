import type { EventFields } from "./encode-event.ts";

const brand: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.event");

/** The fields of a whole event beside its data. */
export interface SseFields<Type extends string = string> extends Omit<EventFields, "event" | "data"> {
  /** Event type; the stream's `eventType` when left out. Not empty, no line breaks. */
  event?: Type | undefined;
}

/** A whole event, made by {@link sse}: data plus the fields a plain value cannot carry. */
export interface SseEvent<Data = unknown, Type extends string | undefined = string | undefined>
  extends Readonly<Omit<SseFields, "event">> {
  readonly [brand]: true;
  /** What is serialised; `undefined` for a frame without data. */
  readonly data: Data;
  /** Event type; `undefined` for that of the stream. */
  readonly event: Type;
}

/**
 * Makes a whole event: yield it from a source in place of a plain value to set its type, id, reconnection time or a
 * comment.
 *
 * The data goes through the stream's `serialize` like any plain value. With `undefined` as data no `data:` line is
 * written and the frame carries only the fields given here; browsers dispatch nothing for such a frame, and some lose
 * an id that comes without data.
 *
 * @param data - What to serialise; `undefined` for a frame without data.
 * @param fields - `event`, `id`, `retry` (ms) and `comment`, checked when the event is encoded.
 * @returns A branded event, recognised by every copy of this package.
 * @example
 * ```ts
 * import { SSEManager, sse } from "@ssewire/core";
 *
 * async function* progress() {
 *   yield sse({ percent: 50 }, { id: "1" });
 *   yield sse({ url: "/result" }, { id: "2", event: "done" });
 * }
 *
 * SSEManager.createResponse(progress(), "progress");
 * ```
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream | HTML, event stream format}
 */
export function sse<Data>(data: Data, fields?: SseFields<never>): SseEvent<Data, undefined>;
export function sse<Data, const Type extends string>(
  data: Data,
  fields: SseFields<Type> & { event: Type },
): SseEvent<Data, Type>;
export function sse<Data>(data: Data, fields?: SseFields): SseEvent<Data>;
export function sse<Data>(data: Data, fields: SseFields = {}): SseEvent<Data> {
  const { event, id, retry, comment } = fields;
  return { [brand]: true, data, event, id, retry, comment };
}

/**
 * Whether `value` is an event made by {@link sse}, of whichever copy of this package; a plain object with a `data` key is not.
 *
 * @param value - Any value, as a source yields it.
 * @returns `true` for a whole event, `false` for what would be sent as data.
 * @example
 * ```ts
 * import { isSseEvent, sse } from "@ssewire/core";
 *
 * isSseEvent(sse({ percent: 50 }, { id: "1" })); // true
 * isSseEvent({ data: { percent: 50 }, id: "1" }); // false
 * ```
 */
export function isSseEvent(value: unknown): value is SseEvent {
  return typeof value === "object" && value !== null && brand in value && value[brand] === true;
}
