import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { StreamReader } from "./stream-reader.ts";

/** How the suite speaks to a host. */
export type Protocol = "http/1.1" | "h2" | "h2c";

export interface RequestInput {
  readonly method?: string;
  /** Values in Latin-1, as they go over the wire. */
  readonly headers?: Record<string, string>;
}

/** One connection of a client to a host, with the socket at hand; closed when the test ends. */
export interface Connection {
  /** The TCP socket, below TLS if there is any. */
  readonly socket: Socket;
  /** Sends a request, and resolves with its response when the head is there. */
  readonly open: (path: string, input?: RequestInput) => Promise<StreamReader>;
  /** Ends our half of the connection: whether that means that we left is up to the host. */
  readonly endHalf: () => void;
}

export async function openConnection(origin: string, protocol: Protocol): Promise<Connection> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  // What becomes of it is seen in the responses.
  socket.on("error", () => undefined);
  return protocol === "http/1.1" ? overHttp1(socket) : overHttp2(origin, protocol, socket);
}

function overHttp1(socket: Socket): Connection {
  const open = (path: string, { method = "GET", headers = {} }: RequestInput = {}): Promise<StreamReader> =>
    new Promise((resolve, reject) => {
      const request = httpRequest({
        createConnection: () => socket,
        path,
        method,
        headers: { host: "test", connection: "keep-alive", ...headers },
      });
      request.on("error", reject).on("response", (response) => {
        const { statusCode = 0, headers } = response;
        resolve(new StreamReader({ status: statusCode, headers, body: response, isComplete: () => response.complete }));
      });
      request.end();
    });
  return { socket, open, endHalf: () => socket.end() };
}

async function overHttp2(origin: string, protocol: Protocol, socket: Socket): Promise<Connection> {
  let transport: Duplex = socket;
  if (protocol === "h2") {
    const tls = connectTls({ socket, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    tls.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => tls.once("secureConnect", resolve).once("error", reject));
    transport = tls;
  }
  const session: ClientHttp2Session = connectHttp2(origin, { createConnection: () => transport });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  const open = (path: string, { method = "GET", headers = {} }: RequestInput = {}): Promise<StreamReader> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path, ":method": method, ...headers });
      stream.on("error", reject).on("response", ({ ":status": status = 0, ...fields }) => {
        // Without the pseudo-header the same names as those of HTTP/1.
        const headers: IncomingHttpHeaders = Object.fromEntries(
          Object.entries(fields).filter(([name]) => !name.startsWith(":")),
        );
        resolve(new StreamReader({ status, headers, body: stream, isComplete: () => stream.rstCode === 0 }));
      });
      stream.end();
    });
  return { socket, open, endHalf: () => transport.end() };
}
