import { callback, checkOptions, delay, integer, type Rules, withoutUndefined } from "./check-options.ts";
import { type EventStreamOptions, eventStreamRules } from "./event-stream-options.ts";
import { hasMethod } from "./has-method.ts";
import type { SseEvent } from "./sse-event.ts";

/** Options of a response with an event stream for its body. */
export interface ResponseOptions<
  Value = unknown,
  EventType extends string = string,
  EndEvent extends SseEvent = SseEvent,
> extends EventStreamOptions<Value> {
  eventType?: EventType | undefined;
  endEvent?: EndEvent | undefined;
  /**
   * Headers to add to, or to set in place of, the three that are sent: `Content-Type: text/event-stream`,
   * `Cache-Control: no-cache`, `X-Accel-Buffering: no`. `Connection`, `Transfer-Encoding` and `Content-Encoding` are
   * the server's business and are refused.
   */
  headers?: HeadersInit | undefined;
  /**
   * HTTP status of a response with a body, 200 to 599 without 204, 205 and 304. `EventSource` accepts 200 only.
   * @defaultValue 200
   */
  status?: number | undefined;
  /**
   * The request that is answered. Its signal tells that the client is gone; its `Last-Event-ID`, or its query parameter
   * `lastEventId`, becomes `lastEventId`; `HEAD` gets the headers only, and the source is not started; a client that
   * comes back after the end of a stream with `stopReconnect` gets 204.
   */
  request?: Request | undefined;
  /**
   * For `openResponse`: milliseconds to wait for the first event before the response is committed to its status, 1 to
   * 2147483647.
   * @defaultValue 1000
   */
  openTimeoutMs?: number | undefined;
  /**
   * For `openResponse`: the response to a source that failed before its first event. Everything in it goes to the
   * client.
   * @defaultValue RFC 9457 `application/problem+json` with status 500, or the error's own `httpStatus` and message
   */
  onOpenError?: ((error: unknown) => Response | PromiseLike<Response>) | undefined;
}

const SERVER_HEADERS = ["connection", "transfer-encoding", "content-encoding"];

const rules: Rules<ResponseOptions> = /* @__PURE__ */ Object.assign({}, eventStreamRules, {
  headers: ["a Headers, an object, or an array of pairs", (value) => Object(value) === value],
  status: ["an integer from 200 to 599, but not 204, 205 or 304", isStatusWithBody],
  request: ["a Request", (value) => hasMethod(value, "clone") && "signal" in value && "url" in value],
  openTimeoutMs: delay,
  onOpenError: callback,
} satisfies Rules<Omit<ResponseOptions, keyof EventStreamOptions>>);

function isStatusWithBody(value: unknown): boolean {
  return integer("", 200, 599)[1](value) && ![204, 205, 304].includes(Number(value));
}

/** Options over defaults, checked; `undefined` stands for the default. See {@link checkOptions} for what it throws. */
export function mergeOptions<Value>(
  defaults: ResponseOptions<Value>,
  options: string | ResponseOptions<Value> = {},
): ResponseOptions<Value> {
  const given: ResponseOptions<Value> = typeof options === "string" ? { eventType: options } : options;
  checkOptions(given, rules);
  const headers = given.headers ? mergeHeaders(defaults.headers ?? {}, given.headers) : defaults.headers;
  return { ...defaults, ...withoutUndefined(given), headers };
}

/**
 * The headers of both, the later in place of the earlier.
 *
 * @throws {TypeError} When a later header is invalid, or is one that only the server may set.
 */
export function mergeHeaders(earlier: HeadersInit, later: HeadersInit): Headers {
  const merged = new Headers(earlier);
  const given = readHeaders(later);
  for (const name of given.keys()) merged.delete(name);
  // Appended, as Set-Cookie may come more than once.
  for (const [name, value] of given) merged.append(name, value);
  return merged;
}

function readHeaders(init: HeadersInit): Headers {
  let headers: Headers;
  try {
    headers = new Headers(init);
  } catch (error) {
    throw new TypeError("Option `headers` must hold valid names and values", { cause: error });
  }
  const forbidden = SERVER_HEADERS.find((name) => headers.has(name));
  if (forbidden) throw new TypeError(`Option \`headers\` must not have ${forbidden}, which only the server may set`);
  return headers;
}
