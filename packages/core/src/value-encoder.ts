import { dataLines, encodeEvent } from "./encode-event.ts";
import { formatError } from "./error-data.ts";
import type { ResolvedOptions } from "./event-stream-options.ts";
import type { Observer } from "./observer.ts";
import { serializeJson } from "./serialize-json.ts";
import { isSseEvent, type SseEvent, sse } from "./sse-event.ts";

/** Sent when `formatError` fails itself. */
const UNKNOWN_ERROR: string = serializeJson(formatError(undefined));

/** Turns what a source yields, plain values and whole events, into frames. */
export class ValueEncoder<Value> {
  readonly #options: ResolvedOptions<Value>;
  readonly #observer: Observer<Value>;
  /** What every frame of a plain value without an id begins with; `eventType` was checked with the options. */
  readonly #prefix: string;

  constructor(options: ResolvedOptions<Value>, observer: Observer<Value>) {
    this.#options = options;
    this.#observer = observer;
    this.#prefix = `event: ${options.eventType}\n`;
  }

  /** @param index - Counts the events of the stream from 0. @throws What the hooks throw, or {@link encodeEvent}. */
  encode(value: Value | SseEvent, index: number): string {
    if (isSseEvent(value)) return this.encodeWhole(value);
    const { id, eventType: type, serialize } = this.#options;
    const valueId = id?.(value, index);
    const data = serialize(value);
    const frame =
      valueId === undefined ? `${this.#prefix}${dataLines(data)}\n` : encodeEvent({ id: valueId, event: type, data });
    this.#observer.sent({ type, id: valueId, data: value });
    return frame;
  }

  encodeWhole(event: SseEvent): string {
    return this.#encodeEvent(event, this.#options.eventType, this.#options.serialize);
  }

  /** The event for what a source threw: always JSON, as `serialize` knows values only; empty when there is none. */
  encodeError(error: unknown): string {
    const { formatError, errorEvent } = this.#options;
    try {
      const data = formatError(error);
      if (data === null || data === undefined) return "";
      return this.#encodeEvent(isSseEvent(data) ? data : sse(data), errorEvent, serializeJson);
    } catch (formatFailure) {
      this.#observer.failed(formatFailure);
      return encodeEvent({ event: errorEvent, data: UNKNOWN_ERROR });
    }
  }

  #encodeEvent(event: SseEvent, eventType: string, serialize: (data: unknown) => string): string {
    const { data, id, retry, comment } = event;
    const type = event.event ?? (data === undefined ? undefined : eventType);
    const text = data === undefined ? undefined : serialize(data);
    const frame = encodeEvent({ comment, id, event: type, retry, data: text });
    this.#observer.sent({ type, id, data });
    return frame;
  }
}
