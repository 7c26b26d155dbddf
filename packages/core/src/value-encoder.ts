import { commentLines, dataLines, encodeEvent, retryLine } from "./encode-event.ts";
import { frameOf, partsOf } from "./encoded-event.ts";
import { formatError, isRetryable, retryAfterMs } from "./error-data.ts";
import type { ResolvedOptions } from "./event-stream-options.ts";
import type { Frame } from "./frame-buffer.ts";
import { isThenable } from "./has-method.ts";
import { ignore, type Observer } from "./observer.ts";
import { isOverflow } from "./overflow-error.ts";
import { serializeJson } from "./serialize-json.ts";
import { isSseEvent, type SseEvent, sse } from "./sse-event.ts";

/** The id that tells a client which comes back that there is nothing to come back for. */
export const END_ID = "~end";

/** With data, as several clients lose an id that comes without; of a type that no page listens to. */
const END_FRAME = "id: ~end\nevent: ~end\ndata: \n\n";

/** Turns what a source yields, plain values and whole events, and how it ends, into frames. */
export class ValueEncoder<Value> {
  readonly #options: ResolvedOptions<Value>;
  readonly #observer: Observer<Value>;
  /** What every frame of a plain value without an id begins with; `eventType` was checked with the options. */
  readonly #prefix: string;
  readonly #isObserved: boolean;
  /** How many events of the source were encoded; counted here, read elsewhere. */
  events = 0;

  constructor(options: ResolvedOptions<Value>, observer: Observer<Value>) {
    this.#options = options;
    this.#observer = observer;
    this.#prefix = `event: ${options.eventType}\n`;
    this.#isObserved = options.onEvent !== undefined;
  }

  /** What comes before everything else; may be empty. */
  encodeBeginning(): string {
    const { padding, retryMs } = this.#options;
    return (padding ? commentLines(" ".repeat(padding)) : "") + (retryMs === undefined ? "" : retryLine(retryMs));
  }

  /** @throws What the hooks throw, or {@link encodeEvent}. */
  encode(value: Value | SseEvent): Frame {
    if (isSseEvent(value)) return this.#encodeWhole(value);
    const frame = this.#encodePlain(value);
    this.events++;
    return frame;
  }

  /** What follows the last value of a source that is through; may be empty. */
  encodeEnd(): string {
    const { endEvent, stopReconnect } = this.#options;
    return (endEvent ? this.#encodeText(endEvent) : "") + (stopReconnect ? END_FRAME : "");
  }

  /** What follows the last value of a source that failed; may be empty. */
  encodeError(error: unknown): string {
    // The client shall come back, and read on from where it was.
    if (isOverflow(error)) return "";
    const isFinal = this.#options.stopReconnect && !isRetryable(error);
    return this.#encodeFormatted(error) + (isFinal ? END_FRAME : "");
  }

  #encodeFormatted(error: unknown): string {
    try {
      const data = this.#options.formatError(error);
      if (isThenable(data)) data.then(undefined, ignore);
      // A `return` that was forgotten must not lose the error.
      if (isThenable(data) || data === undefined) {
        throw new TypeError("`formatError` must return data or null");
      }
      return data === null ? "" : this.#encodeErrorData(data, retryAfterMs(error));
    } catch (formatFailure) {
      this.#observer.failed(formatFailure);
      return this.#encodeErrorData(formatError(undefined));
    }
  }

  /** Always JSON: `serialize` knows the values of the source only. */
  #encodeErrorData(data: unknown, retry?: number): string {
    return this.#encodeText(isSseEvent(data) ? data : sse(data, { retry }), this.#options.errorEvent, serializeJson);
  }

  #encodePlain(value: Value): string {
    const { id, eventType, serialize } = this.#options;
    const valueId = id?.(value, this.events);
    const data = serialize(value);
    let frame: string;
    if (valueId !== undefined) frame = encodeEvent({ id: valueId, event: eventType, data });
    // Almost all events come this way. JSON has no line breaks, so none has to be looked for.
    else if (serialize === serializeJson) frame = `${this.#prefix}data: ${data}\n\n`;
    else frame = `${this.#prefix}${dataLines(data)}\n`;
    // Asked here, so that no object is made for each event that nobody wants to see.
    if (this.#isObserved) this.#observer.sent({ type: eventType, id: valueId, data: value });
    return frame;
  }

  #encodeWhole(event: SseEvent): Frame {
    const frame = frameOf(event);
    if (frame === undefined) {
      const text = this.#encodeText(event);
      this.events++;
      return text;
    }
    const parts = partsOf(event);
    this.events += parts.length;
    if (this.#isObserved) for (const { event: type, id, data } of parts) this.#observer.sent({ type, id, data });
    return frame;
  }

  #encodeText(event: SseEvent, eventType = this.#options.eventType, serialize = this.#options.serialize): string {
    const { data, id, retry, comment } = event;
    const type = event.event ?? (data === undefined ? undefined : eventType);
    const text = data === undefined ? undefined : serialize(data);
    const frame = encodeEvent({ comment, id, event: type, retry, data: text });
    this.#observer.sent({ type, id, data });
    return frame;
  }
}
