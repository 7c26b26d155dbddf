import { once } from "node:events";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { toNodeHandler } from "@ssewire/adapter-node";
import { errorData, type SourceContext, SSEManager, sse } from "@ssewire/core";
import { selfSigned } from "../../packages/adapter-node/test/local-server.ts";

/** A request for a stream, as the server saw it. */
export interface SeenRequest {
  /** What its source was told; as it was sent, when there was none. */
  lastEventId: string | undefined;
  /** 204 for one that came after the end. */
  status: number;
  /** When it came, in milliseconds as of `performance.now()`. */
  readonly at: number;
  /** When its response had ended, likewise. */
  closedAt: number | undefined;
}

/** A server with an empty page and event streams for each trait of a client. */
export interface ClientSite {
  /** Without a slash at the end. */
  readonly url: string;
  /** The requests for a path, query included, in order. */
  seen(path: string): readonly SeenRequest[];
  stop(): void;
}

/** What `/retry` asks for. */
export const retryMs = 600;

/** Text as it is, and the error events as ever. */
const serialize = (data: unknown): string => (typeof data === "string" ? data : JSON.stringify(data));

const again = (): Error => Object.assign(new Error("again"), { [errorData]: { retryable: true } });

const sources: Record<string, (context: SourceContext, query: URLSearchParams) => AsyncGenerator<unknown>> = {
  "/typed": async function* () {
    yield "50";
    yield sse("two\nlines, 語 and 🙂", { event: "note", id: "n-1" });
    yield sse("", { event: "message" });
    yield " 100";
  },
  "/failing": async function* () {
    yield "50";
    throw new Error("boom");
  },
  "/resumed": async function* ({ lastEventId }, query) {
    if (lastEventId === undefined) {
      yield sse("first", { id: query.get("id") ?? "" });
      throw again();
    }
    yield "second";
  },
  "/retry": async function* ({ lastEventId }) {
    yield sse("", { id: "1" });
    if (lastEventId === undefined) throw again();
  },
  "/held": async function* ({ signal }) {
    await once(signal, "abort");
    yield "";
  },
};

/** Serves over HTTP/1.1 in the clear, or over HTTP/2 and TLS, until `stop`. */
export async function serveClientSite(secure: boolean): Promise<ClientSite> {
  const manager = new SSEManager({ stopReconnect: true, serialize, eventType: "progress" });
  const requests = new Map<string, SeenRequest[]>();

  const handler = toNodeHandler((request, { res }) => {
    const { pathname, searchParams, search } = new URL(request.url);
    const source = sources[pathname];
    if (source === undefined) {
      const page = "<!doctype html><title>clients</title><link rel=icon href=data:>";
      return new Response(page, { headers: { "Content-Type": "text/html" } });
    }
    const seen: SeenRequest = {
      lastEventId: request.headers.get("last-event-id") ?? undefined,
      status: 204,
      at: performance.now(),
      closedAt: undefined,
    };
    const response = manager.createResponse((context: SourceContext) => source(context, searchParams), {
      request,
      retryMs: pathname === "/retry" ? retryMs : 20,
      onOpen: ({ lastEventId }) => {
        seen.lastEventId = lastEventId;
      },
    });
    seen.status = response.status;
    const path = pathname + search;
    requests.set(path, [...(requests.get(path) ?? []), seen]);
    res.once("close", () => {
      seen.closedAt = performance.now();
    });
    return response;
  });

  const pem = selfSigned() ?? "";
  const server = secure ? createSecureServer({ key: pem, cert: pem }, handler) : createServer(handler);
  const sockets = new Set<Socket>();
  server.on(secure ? "secureConnection" : "connection", (socket: Socket) => sockets.add(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return {
    url: secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    seen: (path) => requests.get(path) ?? [],
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
