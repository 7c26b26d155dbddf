import { type CloseReport, type SourceContext, SSEManager, sse } from "@ssewire/core";

/** What became of a stream, by its `key`. */
export interface StreamState {
  /** How many events its source was asked for. */
  pulled: number;
  /** Whether the `finally` of its source ran. */
  released: boolean;
  /** Whether the signal of its request was aborted: by some hosts after a normal end, too. */
  aborted: boolean;
  closed: Pick<CloseReport, "reason" | "events" | "bytes"> | undefined;
}

export interface ConformanceApp {
  fetch(request: Request): Promise<Response>;
}

/**
 * The one application that runs on every host and behind every proxy.
 *
 * - `GET /stream?key=…&events=…&everyMs=…&then=end|fail|hold&bytes=…&ids=…&heartbeatMs=…&retryMs=…&stopReconnect=1`: so
 *   many events of type `tick`, `{ index, at, lastEventId, filler }`, so many ms apart; then the end, a failure or silence.
 *   With `ids`, each has that text and its index for an id, and a client that comes back goes on after it. Without
 *   `events` they never end. `heartbeatMs` and `openingMs` may be `off`.
 * - `GET /state?key=…`: the {@link StreamState} of it, as JSON.
 * - `POST /drain`: drains all streams; answers when they are closed.
 */
export function createConformanceApp(): ConformanceApp {
  const states = new Map<string, StreamState>();
  const manager = new SSEManager();

  function stream(request: Request, query: URLSearchParams): Response {
    const number = (name: string): number | undefined => (query.has(name) ? Number(query.get(name)) : undefined);
    const delay = (name: string): number | false | undefined => (query.get(name) === "off" ? false : number(name));
    const key = query.get("key") ?? "";
    const state: StreamState = { pulled: 0, released: false, aborted: false, closed: undefined };
    states.set(key, state);
    request.signal.addEventListener("abort", () => {
      state.aborted = true;
    });
    return manager.createResponse((context: SourceContext) => ticks(state, query, context), {
      request,
      eventType: "tick",
      heartbeatMs: delay("heartbeatMs"),
      openingMs: delay("openingMs"),
      retryMs: number("retryMs"),
      stopReconnect: query.has("stopReconnect"),
      onClose: ({ reason, events, bytes }) => {
        state.closed = { reason, events, bytes };
      },
    });
  }

  return {
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      switch (`${request.method} ${pathname}`) {
        case "GET /stream":
        case "HEAD /stream":
          return stream(request, searchParams);
        case "GET /state":
          return Response.json(states.get(searchParams.get("key") ?? "") ?? null);
        case "POST /drain":
          await manager.drain({ timeoutMs: 5_000, retryMs: [100, 200] });
          return Response.json({ size: manager.size });
        case "GET /":
          return new Response("<!doctype html><title>conformance</title><link rel=icon href=data:>", {
            headers: { "Content-Type": "text/html" },
          });
        default:
          return new Response(null, { status: 404 });
      }
    },
  };
}

async function* ticks(
  state: StreamState,
  query: URLSearchParams,
  { signal, lastEventId }: SourceContext,
): AsyncGenerator<unknown> {
  const ids = query.get("ids");
  const start = ids !== null && lastEventId?.startsWith(ids) ? Number(lastEventId.slice(ids.length)) + 1 : 0;
  const end = query.has("events") ? Number(query.get("events")) : Number.POSITIVE_INFINITY;
  const everyMs = Number(query.get("everyMs") ?? 0);
  const filler = "x".repeat(Number(query.get("bytes") ?? 0));
  try {
    for (let index = start; index < end; index++) {
      if (everyMs > 0) await settled(signal, everyMs);
      state.pulled++;
      const data = { index, at: Date.now(), lastEventId, filler };
      yield ids === null ? data : sse(data, { id: `${ids}${index}` });
    }
    if (query.get("then") === "fail") throw new Error("boom");
    if (query.get("then") === "hold") await settled(signal);
  } finally {
    state.released = true;
  }
}

/** Resolves after a time, or rejects when the stream is over before. */
function settled(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
