import type { SseEvent } from "./sse-event.ts";

/** The events of a stream whose types nobody declared: any type, any data. */
export type AnyEvents = Record<string, unknown>;

/** The event types in a map of them to their data, such as `{ progress: Progress; done: Done }`. */
export type EventType<Events extends object> = keyof Events & string;

/**
 * The whole events that a source may yield under such a map, when plain values are of type `Type`: data of that type in
 * `sse(data)`, data of any type in `sse(data, { event: type })`, and `sse(undefined)`, which has none.
 */
export type WholeEvent<Events extends object, Type extends EventType<Events>> =
  | SseEvent<Events[Type] | undefined, undefined>
  | { [Each in EventType<Events>]: SseEvent<Events[Each], Each> }[EventType<Events>];

/** The type of plain values where none is named: `message`, if the map has it. */
export type DefaultType<Events extends object> = Extract<"message", EventType<Events>>;
