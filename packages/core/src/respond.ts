import { END_ID, type Ending, type EngineOwner, EventEngine } from "./event-engine.ts";
import { toReadableStream } from "./event-stream.ts";
import { type ResolvedOptions, resolveOptions } from "./event-stream-options.ts";
import { readLastEventId } from "./last-event-id.ts";
import { contain, ignore, Observer } from "./observer.ts";
import { checkSource, discardSource, type StreamSource } from "./open-source.ts";
import { problemResponse } from "./problem-response.ts";
import { mergeHeaders, type ResponseOptions } from "./response-options.ts";
import type { SseEvent } from "./sse-event.ts";

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
  checkSource(source);
  const early = respondEarly(source, options);
  if (early !== undefined) return early;
  const engine = new EventEngine(source, resolveForRequest(options), owner);
  return new Response(toReadableStream(engine), responseInit(options));
}

/** The same after the first event, the end, a failure or the time-out: a failure gets a response of its own. */
export async function respondWhenOpen<Value>(
  source: StreamSource<Value | SseEvent>,
  options: ResponseOptions<Value>,
  owner: EngineOwner | undefined,
): Promise<Response> {
  checkSource(source);
  const early = respondEarly(source, options);
  if (early !== undefined) return early;
  const resolved = resolveForRequest(options);
  let body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ending = await new Promise<Ending | undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), options.openTimeoutMs ?? 1_000);
    body = toReadableStream(new EventEngine(source, resolved, owner, resolve), true);
  });
  clearTimeout(timer);
  return ending?.reason === "failed"
    ? respondToFailure(ending.error, options, new Observer(resolved))
    : new Response(body, responseInit(options));
}

/** What needs no source: it is released, as it may be running already. */
function respondEarly<Value>(
  source: StreamSource<Value | SseEvent>,
  options: ResponseOptions<Value>,
): Response | undefined {
  const { request, stopReconnect } = options;
  if (request === undefined) return undefined;
  const isOver = stopReconnect === true && readLastEventId(request) === END_ID;
  if (!isOver && request.method !== "HEAD") return undefined;
  contain(() => discardSource(source, undefined), ignore);
  return isOver
    ? new Response(null, { status: 204, headers: { "Cache-Control": "no-cache" } })
    : new Response(null, responseInit(options));
}

async function respondToFailure<Value>(
  error: unknown,
  { onOpenError = problemResponse }: ResponseOptions<Value>,
  observer: Observer<Value>,
): Promise<Response> {
  try {
    return await onOpenError(error);
  } catch (hookError) {
    observer.failed(hookError);
    return problemResponse(error);
  }
}

function resolveForRequest<Value>(options: ResponseOptions<Value>): ResolvedOptions<Value> {
  const { request, lastEventId } = options;
  const resolved = resolveOptions(options);
  if (request === undefined) return resolved;
  return { ...resolved, clientSignal: request.signal, lastEventId: lastEventId ?? readLastEventId(request) };
}

function responseInit<Value>({ headers, status = 200 }: ResponseOptions<Value>): ResponseInit {
  return { status, headers: mergeHeaders(HEADERS, headers) ?? HEADERS };
}
