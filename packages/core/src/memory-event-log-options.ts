import { callback, delay, integer, oneLine, type Rules } from "./check-options.ts";
import type { Serializer } from "./event-stream-options.ts";
import { hasMethod } from "./has-method.ts";
import { serializeJson } from "./serialize-json.ts";
import type { SseEvent } from "./sse-event.ts";

/**
 * What becomes of a reader for whom more waits than may:
 *
 * - `"close"`: it ends with an `OverflowError`, and its stream without a word: the client comes back with its last id.
 * - `"drop-oldest"`: it goes on with the newest that may wait.
 * - `{ coalesce }`: of the events that wait, only the last with each key is kept. Where that is not enough, `"close"`.
 */
export type OverflowPolicy = "close" | "drop-oldest" | { readonly coalesce: (event: SseEvent) => string };

/** Options of `MemoryEventLog`. */
export interface MemoryEventLogOptions {
  /**
   * Event type of plain values. Not empty, no line breaks.
   * @defaultValue `"message"`
   */
  eventType?: string | undefined;
  /**
   * Turns data into text.
   * @defaultValue JSON; BigInts become decimal strings, `undefined` becomes `null`
   */
  serialize?: Serializer | undefined;
  /**
   * Events that are kept, >= 1; the oldest go first.
   * @defaultValue 1000
   */
  maxEvents?: number | undefined;
  /**
   * Milliseconds for which an event is kept, 1 to 2147483647. Looked at when something is appended or read.
   * @defaultValue 300000
   */
  maxAgeMs?: number | undefined;
  /**
   * Bytes of encoded events that are kept, >= 1; the newest event is kept whatever its size.
   * @defaultValue 8388608
   */
  maxBytes?: number | undefined;
  /**
   * Events that may wait for a reader beside those that were there when it came, >= 1. What waits is in the log, not in the
   * reader: the log's own bounds end it, too.
   * @defaultValue 1000
   */
  maxPendingEvents?: number | undefined;
  /**
   * Bytes of them, >= 1.
   * @defaultValue 1048576
   */
  maxPendingBytes?: number | undefined;
  /**
   * What becomes of a reader for whom more waits.
   * @defaultValue `"close"`
   */
  overflow?: OverflowPolicy | undefined;
  /**
   * Told of events that a reader does not get, by `"drop-oldest"` or `coalesce`. What it throws, the reader fails with.
   * @defaultValue none
   */
  onDrop?: ((report: { readonly dropped: number }) => unknown) | undefined;
}

export const memoryEventLogRules: Rules<MemoryEventLogOptions> = {
  eventType: oneLine,
  serialize: callback,
  maxEvents: /* @__PURE__ */ integer("events", 1),
  maxAgeMs: delay,
  maxBytes: /* @__PURE__ */ integer("bytes", 1),
  maxPendingEvents: /* @__PURE__ */ integer("events", 1),
  maxPendingBytes: /* @__PURE__ */ integer("bytes", 1),
  overflow: [
    'a string, "close" or "drop-oldest", or an object with a function coalesce',
    (value) => value === "close" || value === "drop-oldest" || hasMethod(value, "coalesce"),
  ],
  onDrop: callback,
};

/** {@link MemoryEventLogOptions}, checked and filled in. */
export type ResolvedLogOptions = {
  readonly [Key in keyof Required<MemoryEventLogOptions>]-?: Key extends "onDrop"
    ? MemoryEventLogOptions["onDrop"]
    : Exclude<MemoryEventLogOptions[Key], undefined>;
};

/** Fills in the defaults of options that were checked. */
export function resolveLogOptions(options: MemoryEventLogOptions): ResolvedLogOptions {
  return {
    eventType: options.eventType ?? "message",
    serialize: options.serialize ?? serializeJson,
    maxEvents: options.maxEvents ?? 1_000,
    maxAgeMs: options.maxAgeMs ?? 300_000,
    maxBytes: options.maxBytes ?? 8_388_608,
    maxPendingEvents: options.maxPendingEvents ?? 1_000,
    maxPendingBytes: options.maxPendingBytes ?? 1_048_576,
    overflow: options.overflow ?? "close",
    onDrop: options.onDrop,
  };
}
