import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, onTestFinished } from "vitest";
import type { NodeServer } from "../src/server-connections.ts";

/** A server on a free port, closed with all its connections when the test ends. */
export interface LocalServer<Kind> {
  readonly server: Kind;
  readonly port: number;
  readonly url: string;
}

/** Key and certificate for one run, or `undefined` where there is no openssl to make them. */
export function selfSigned(): string | undefined {
  const options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  try {
    return execFileSync("openssl", [...options.split(" "), "-keyout", "-", "-out", "-"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}

export async function serve(
  listener: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<LocalServer<Server>> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return listen(server);
}

export async function serveHttp2(
  listener: (req: Http2ServerRequest, res: Http2ServerResponse) => void,
): Promise<LocalServer<Http2Server> & { readonly session: ClientHttp2Session }> {
  const server = createHttp2Server(listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  const local = await listen(server);
  const session = connectHttp2(local.url);
  onTestFinished(() => {
    session.destroy();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { ...local, session };
}

/** Lets `server` listen on a free port. */
export async function listen<Kind extends NodeServer>(server: Kind): Promise<LocalServer<Kind>> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Every case holds without a process warning, such as that of an emitter with too many listeners. */
export function expectNoWarnings(): void {
  const warnings: Error[] = [];
  const record = (warning: Error): void => {
    // A notice that a feature this test file uses is experimental says nothing about the package.
    if (warning.name !== "ExperimentalWarning" && !warning.message.includes("is experimental")) warnings.push(warning);
  };
  beforeEach(() => {
    warnings.length = 0;
    process.on("warning", record);
  });
  afterEach(() => {
    process.off("warning", record);
    expect(warnings).toEqual([]);
  });
}
