import type { EngineOwner } from "./engine-owner.ts";
import { EventEngine } from "./event-engine.ts";
import { toReadableStream } from "./event-stream.ts";
import { type Ending, type ResolvedOptions, resolveOptions } from "./event-stream-options.ts";
import { hasMethod } from "./has-method.ts";
import { readLastEventId } from "./last-event-id.ts";
import { Observer } from "./observer.ts";
import type { StreamSource } from "./open-source.ts";
import { problemResponse } from "./problem-response.ts";
import { mergeHeaders, type ResponseOptions } from "./response-options.ts";
import type { SseEvent } from "./sse-event.ts";
import { END_ID } from "./value-encoder.ts";

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  // Without it nginx, and what follows its ways, buffers the events.
  "X-Accel-Buffering": "no",
};

/** A response whose body is the event stream; nothing runs before the body is read. */
export function respond<Value>(
  source: StreamSource<Value | SseEvent>,
  options: ResponseOptions<Value>,
  owner: EngineOwner | undefined,
): Response {
  const engine = new EventEngine(source, resolveForRequest(options), owner);
  return respondEarly(source, options) ?? new Response(toReadableStream(engine), responseInit(options));
}

/** The same after the first event, the end, a failure or the time-out: a failure gets a response of its own. */
export async function respondWhenOpen<Value>(
  source: StreamSource<Value | SseEvent>,
  options: ResponseOptions<Value>,
  owner: EngineOwner | undefined,
): Promise<Response> {
  const resolved = resolveForRequest(options);
  const engine = new EventEngine(source, resolved, owner);
  const early = respondEarly(source, options);
  if (early) return early;
  const timer = setTimeout(() => engine.commit(), options.openTimeoutMs ?? 1_000);
  const ending = await new Promise<Ending | undefined>((resolve) => engine.peek(resolve));
  clearTimeout(timer);
  if (ending?.reason !== "failed") return new Response(toReadableStream(engine), responseInit(options));
  engine.close();
  const { onOpenError = problemResponse } = options;
  try {
    const response = await onOpenError(ending.error);
    if (hasMethod(response, "clone")) return response;
    throw new TypeError("`onOpenError` must return a Response");
  } catch (error) {
    new Observer(resolved).failed(error);
    return problemResponse(ending.error);
  }
}

/** What needs no event stream: the source is released, as it may be running already. */
function respondEarly<Value>(
  source: StreamSource<Value | SseEvent>,
  options: ResponseOptions<Value>,
): Response | undefined {
  const { request, stopReconnect } = options;
  if (!request) return undefined;
  const isOver = stopReconnect && readLastEventId(request) === END_ID;
  if (!isOver && request.method !== "HEAD") return undefined;
  // Without the options: there is no stream whose end the hooks could be told of.
  new EventEngine(source, resolveOptions({})).cancel(undefined);
  return new Response(null, isOver ? { status: 204, headers: { "Cache-Control": "no-cache" } } : responseInit(options));
}

function resolveForRequest<Value>(options: ResponseOptions<Value>): ResolvedOptions<Value> {
  const { request, lastEventId } = options;
  const resolved = resolveOptions(options);
  if (!request) return resolved;
  return { ...resolved, clientSignal: request.signal, lastEventId: lastEventId ?? readLastEventId(request) };
}

function responseInit<Value>({ headers, status = 200 }: ResponseOptions<Value>): ResponseInit {
  return { status, headers: headers ? mergeHeaders(HEADERS, headers) : HEADERS };
}
