import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { onTestFinished } from "vitest";

export interface Http2Server {
  readonly port: number;
  readonly address: string;
}

/** A plain HTTP/2 server on a free port: what arrives is seen as it is, and nothing is answered unless the test does. */
export async function serveHttp2(handlers: {
  session?: (session: ServerHttp2Session) => void;
  stream?: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
}): Promise<Http2Server> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    // The client's end of a test is as sudden as a crash.
    session.on("error", () => undefined);
    handlers.session?.(session);
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    handlers.stream?.(stream, headers);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return { port: address.port, address: `127.0.0.1:${address.port}` };
}
