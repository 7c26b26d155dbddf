import type { AnyEvents, DefaultType, EventType, WholeEvent } from "./event-map.ts";
import type { StreamSource } from "./open-source.ts";
import { type DrainOptions, OpenStreams } from "./open-streams.ts";
import { respond, respondWhenOpen } from "./respond.ts";
import { mergeOptions, type ResponseOptions } from "./response-options.ts";

/**
 * Answers requests with event streams.
 *
 * The static methods are all that a handler needs. An instance adds options shared by its responses, knows how many
 * streams are open, and ends them together.
 *
 * @typeParam Events - The event types and their data, such as `{ progress: Progress; done: Done }`; a source that yields
 * anything else is then a compile error. Each call names the type of its plain values, unless it is `message`.
 * @example
 * ```ts
 * import { SSEManager, sse } from "@ssewire/core";
 *
 * const manager = new SSEManager<{ progress: { percent: number }; done: { url: string } }>({ retryMs: 2_000 });
 *
 * export default {
 *   fetch(request: Request): Response {
 *     return manager.createResponse(
 *       async function* ({ signal }) {
 *         yield { percent: 50 };
 *         if (!signal.aborted) yield sse({ url: "/result" }, { event: "done" });
 *       },
 *       { eventType: "progress", request },
 *     );
 *   },
 * };
 * ```
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | HTML, server-sent events}
 */
export class SSEManager<Events extends object = AnyEvents> implements AsyncDisposable {
  /**
   * Answers with an event stream; nothing runs before its body is read.
   *
   * @param source - Where the events come from; see {@link createEventStream}.
   * @param options - The type of plain values, or all options.
   * @returns A response with status 200, its body an event stream.
   * @throws {TypeError} When the source is none, or an option is unknown or of the wrong type.
   * @throws {RangeError} When an option is outside what is allowed.
   * @example
   * ```ts
   * import { SSEManager } from "@ssewire/core";
   *
   * async function* progress() {
   *   yield { percent: 50 };
   * }
   *
   * const response = SSEManager.createResponse(progress, "progress");
   * // event: progress
   * // data: {"percent":50}
   * ```
   */
  static createResponse<
    Events extends object = AnyEvents,
    const Type extends EventType<Events> = EventType<Events>,
    Value extends Events[Type] = Events[Type],
  >(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Response {
    return respond<Value>(source, mergeOptions({}, options), undefined);
  }

  /**
   * Waits for the first event, the end, a failure or `openTimeoutMs` before it answers, so that a source that fails at
   * once gets an error response of its own (`onOpenError`) instead of an event stream. No event is lost by the wait.
   *
   * @param source - Where the events come from; it is started at once.
   * @param options - The type of plain values, or all options.
   * @returns A promise of the event stream, or of the response to the failure; it never rejects for the source's sake.
   * @throws {TypeError} When the source is none, or an option is unknown or of the wrong type.
   * @throws {RangeError} When an option is outside what is allowed.
   * @example
   * ```ts
   * import { SSEManager } from "@ssewire/core";
   *
   * async function* progress() {
   *   yield { percent: 50 };
   * }
   *
   * const response = await SSEManager.openResponse(progress, { eventType: "progress", openTimeoutMs: 500 });
   * ```
   * @see {@link https://www.rfc-editor.org/rfc/rfc9457 | RFC 9457}, the default response to a failure
   */
  static async openResponse<
    Events extends object = AnyEvents,
    const Type extends EventType<Events> = EventType<Events>,
    Value extends Events[Type] = Events[Type],
  >(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Promise<Response> {
    return respondWhenOpen<Value>(source, mergeOptions({}, options), undefined);
  }

  readonly #defaults: ResponseOptions<Events[EventType<Events>]>;
  readonly #streams: OpenStreams = new OpenStreams();

  /**
   * @param defaults - Options of all responses of this manager. What a call gives comes before them, header by header.
   * @throws {TypeError} When an option is unknown or of the wrong type.
   * @throws {RangeError} When an option is outside what is allowed.
   */
  constructor(defaults: ResponseOptions<NoInfer<Events>[EventType<NoInfer<Events>>], EventType<NoInfer<Events>>> = {}) {
    this.#defaults = mergeOptions({}, defaults);
  }

  /** As the static {@link SSEManager.createResponse}, over the defaults of this manager. */
  createResponse<const Type extends EventType<Events> = DefaultType<Events>, Value extends Events[Type] = Events[Type]>(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Response {
    return respond<Value>(source, mergeOptions<Value>(this.#defaults, options), this.#streams);
  }

  /** As the static {@link SSEManager.openResponse}, over the defaults of this manager. */
  async openResponse<
    const Type extends EventType<Events> = DefaultType<Events>,
    Value extends Events[Type] = Events[Type],
  >(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Promise<Response> {
    return respondWhenOpen<Value>(source, mergeOptions<Value>(this.#defaults, options), this.#streams);
  }

  /** How many streams of this manager are being read. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Ends all streams of this manager, for a shutdown: each client is told to reconnect after a random while, then its
   * stream ends, never within an event. A stream that is opened later ends the same way at once.
   *
   * @param options - See {@link DrainOptions}; those of the first call hold.
   * @returns A promise that resolves once no stream is open; it rejects with a `TypeError` when an option is wrong.
   * @throws {RangeError} When an option is outside what is allowed.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    return this.#streams.drain(options);
  }

  /** Drains the manager with the default options. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }
}
