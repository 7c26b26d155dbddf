import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Http2SecureServer, Http2Server, Http2Session, ServerHttp2Session } from "node:http2";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { isHttp2, type NodeResponse } from "./node-message.ts";

/** What `createServer` of `node:http`, `node:https` and `node:http2` returns, and `createSecureServer`. */
export type NodeServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

/**
 * The connections of one server, as far as they were seen: Node lists those of HTTP/1 only, without the silent and the
 * upgraded ones, and before version 24 it cannot close the sessions of HTTP/2.
 */
export class ServerConnections {
  readonly sockets: Set<Socket> = new Set();
  readonly sessions: Set<ServerHttp2Session> = new Set();
  /** Responses of ours that were ended and are still on their way into the system's buffers. */
  readonly flushing: Set<Promise<void>> = new Set();

  /** Told of each response of ours that is over, while the server is being closed: Bun tells nobody of them. */
  afterResponse: ((req: IncomingMessage) => void) | undefined;

  constructor(server: NodeServer) {
    const { sockets } = this;
    // One function for all of them: a stream that idles should weigh nothing more for it.
    const forget = function (this: Socket): void {
      sockets.delete(this);
    };
    const add = (socket: Socket): void => {
      sockets.add(socket);
      socket.on("close", forget);
    };
    server.on("connection", add);
    // On TLS the socket above is the raw one; this one knows whether a request has come.
    server.on("secureConnection", add);
    server.on("session", (session: ServerHttp2Session) => this.addSession(session));
  }

  addSession(session: ServerHttp2Session): void {
    if (this.sessions.has(session) || session.destroyed) return;
    this.sessions.add(session);
    session.once("close", () => this.sessions.delete(session));
  }

  addFlushing(finished: Promise<void>): void {
    this.flushing.add(finished);
    void finished.then(() => this.flushing.delete(finished));
  }
}

const known = new WeakMap<NodeServer, ServerConnections>();

/** The connections of `server`, watched from the first time it is asked for them. */
export function connectionsOf(server: NodeServer): ServerConnections {
  let connections = known.get(server);
  if (connections === undefined) {
    connections = new ServerConnections(server);
    known.set(server, connections);
  }
  return connections;
}

/** Watches the server that `res` comes from, so that {@link closeGracefully} knows its connections later. */
export function noticeConnection(res: NodeResponse): ServerConnections | undefined {
  if (!isHttp2(res)) {
    const { socket } = res.req;
    // Undocumented, but old. Other runtimes and test injectors may do without, or without a socket.
    const server: unknown = socket && "server" in socket ? socket.server : undefined;
    return isNodeServer(server) ? connectionsOf(server) : undefined;
  }
  const { session } = res.stream;
  // None once it is gone.
  if (session === undefined || !isServerSession(session)) return undefined;
  const connections = connectionsOf(session.server);
  connections.addSession(session);
  return connections;
}

function isServerSession(session: Http2Session): session is ServerHttp2Session {
  return "server" in session && isNodeServer(session.server);
}

/** By shape: Bun's server is no `net.Server`. One that has received a request is one of the four. */
function isNodeServer(value: unknown): value is NodeServer {
  return typeof value === "object" && value !== null && "getConnections" in value && "close" in value;
}
