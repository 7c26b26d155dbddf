import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import { isHttp2, type NodeRequest, type NodeResponse } from "./node-message.ts";
import { hasQueued } from "./response-closing.ts";
import { connectionsOf, type NodeServer } from "./server-connections.ts";

/** Told by Node of every response of HTTP/1 whose last byte was handed to the system. */
const RESPONSE_FINISHED = "http.server.response.finish";

/**
 * Ends each connection of a server that no longer listens as soon as it has nothing to send; those that idle are the
 * business of `server.close` and {@link closeIdle}. Returns what stops it.
 */
export function endConnections(server: NodeServer): () => void {
  const answerLast = (_req: NodeRequest, res: NodeResponse): void => {
    if (!isHttp2(res)) res.shouldKeepAlive = false;
  };
  const endSession = (session: ServerHttp2Session): void => session.close();
  // A turn later the next response of a pipeline has its turn.
  const afterResponse = (req: IncomingMessage): void => void setImmediate(endAfterResponse, req);
  const endSocket = (message: unknown): void => {
    // What Node documents: https://nodejs.org/api/diagnostics_channel.html#http
    const { request, server: from } = message as { request: IncomingMessage; server: unknown };
    if (from === server) afterResponse(request);
  };
  // Before the application's own listener, which may send the head.
  server.prependListener("request", answerLast);
  server.on("session", endSession);
  const connections = connectionsOf(server);
  for (const session of connections.sessions) endSession(session);
  connections.afterResponse = afterResponse;
  subscribe(RESPONSE_FINISHED, endSocket);
  // Two turns later what a client has sent by now has been read.
  setImmediate(() => setImmediate(closeSilent, server));
  return () => {
    server.off("request", answerLast).off("session", endSession);
    connections.afterResponse = undefined;
    unsubscribe(RESPONSE_FINISHED, endSocket);
  };
}

function endAfterResponse({ socket }: IncomingMessage): void {
  if (!hasQueued(socket)) socket.destroySoon();
}

/** Closes what was opened ahead of need, as browsers do, and never used: Node does not take it for idle. */
function closeSilent(server: NodeServer): void {
  for (const socket of connectionsOf(server).sockets) if (socket.bytesRead === 0) socket.destroy();
}

/** Closes the connections of HTTP/1 that wait for a request. */
export function closeIdle(server: NodeServer): void {
  if ("closeIdleConnections" in server) server.closeIdleConnections();
}

/** Destroys all connections of `server` that can be reached. */
export function destroyConnections(server: NodeServer): void {
  const { sockets, sessions } = connectionsOf(server);
  if ("closeAllConnections" in server) server.closeAllConnections();
  for (const session of sessions) session.destroy();
  for (const socket of sockets) socket.destroy();
}

/** How many connections are open, those that nobody can reach included. */
export function countConnections(server: NodeServer): Promise<number> {
  return new Promise((resolve) => {
    // In a cluster the primary process is asked as well, and may be gone.
    server.getConnections((error, count) => resolve(error ? connectionsOf(server).sockets.size : count));
  });
}
