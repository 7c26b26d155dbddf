import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@ssewire/adapter-node";
import { type AnyEvents, type CloseReport, type ResponseOptions, type SourceContext, SSEManager } from "@ssewire/core";
import { onTestFinished } from "vitest";

/** A request of an EventSource, as the server saw it. */
export interface Connection {
  readonly path: string;
  readonly lastEventId: string | undefined;
  readonly response: ServerResponse;
  /** How its event stream ended. */
  readonly closed: Promise<CloseReport>;
}

/** Makes the events of a connection. */
export type Answer = (connection: Connection, context: SourceContext) => AsyncIterable<unknown>;

export interface SiteOptions {
  /** What is served beside the event streams: by path, its type and its text. */
  readonly files: ReadonlyMap<string, readonly [type: string, text: string]>;
  readonly answer: Answer;
  readonly options?: ResponseOptions | undefined;
  /** Answers a request of an EventSource in place of an event stream, if it likes to; it says whether it did. */
  readonly refuse?: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
}

export interface Site {
  readonly url: string;
  /** Paths of all requests of EventSources, in order. */
  readonly requests: readonly string[];
  /** Those that got an event stream. */
  readonly connections: readonly Connection[];
  readonly manager: SSEManager<AnyEvents>;
}

/** Serves files, and an event stream to every EventSource, until the test ends. */
export async function serveSite({ files, answer, options, refuse }: SiteOptions): Promise<Site> {
  const requests: string[] = [];
  const connections: Connection[] = [];
  const manager = new SSEManager<AnyEvents>({ eventType: "progress", retryMs: 1, ...options });
  const stream = (request: Request, response: ServerResponse): Response => {
    const path = new URL(request.url).pathname;
    let onClose: ((report: CloseReport) => void) | undefined;
    const closed = new Promise<CloseReport>((resolve) => {
      onClose = resolve;
    });
    const source = (context: SourceContext): AsyncIterable<unknown> => {
      const connection = { path, lastEventId: context.lastEventId, response, closed };
      connections.push(connection);
      return answer(connection, context);
    };
    return manager.createResponse(source, { request, onClose });
  };
  const server = createServer((req, res) => {
    if (req.headers.accept === "text/event-stream") {
      requests.push(req.url ?? "");
      if (!refuse?.(req, res)) void toNodeHandler((request) => stream(request, res))(req, res);
      return;
    }
    const [type, text] = files.get(req.url ?? "") ?? [];
    res.writeHead(text === undefined ? 404 : 200, { "Content-Type": type ?? "text/plain" }).end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, requests, connections, manager };
}
