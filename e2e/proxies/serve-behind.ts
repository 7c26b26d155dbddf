import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler, type WebHandler } from "@ssewire/adapter-node";
import { selfSigned } from "../../packages/adapter-node/test/local-server.ts";
import { freePort } from "./free-port.ts";
import type { ConfigChange } from "./guide-config.ts";
import { type RunningProxy, runProxy } from "./proxy-process.ts";
import type { ProxyKind } from "./proxy-setup.ts";

const pem = selfSigned() ?? "";

export interface ProxyOptions {
  /** HTTP/2 over TLS, in place of HTTP/1.1 in the clear. @defaultValue false */
  readonly secure?: boolean;
  /** @defaultValue 60 */
  readonly timeoutS?: number;
  /** To the guide's configuration. @defaultValue none */
  readonly changes?: readonly ConfigChange[];
}

/** A proxy that serves an app. */
export interface ProxiedApp extends RunningProxy {
  /** Without a slash at the end. */
  readonly url: string;
}

/** Serves a handler over HTTP/1.1 until `stop`. */
export async function serveApp(handler: WebHandler): Promise<{ readonly port: number; stop(): void }> {
  const server: Server = createServer(toNodeHandler(handler));
  await once(server.listen(0, "127.0.0.1"), "listening");
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Starts a proxy before what listens at `appPort`. */
export async function serveBehind(
  kind: ProxyKind,
  appPort: number,
  { secure = false, timeoutS = 60, changes = [] }: ProxyOptions = {},
): Promise<ProxiedApp> {
  const port = await freePort();
  const proxy = await runProxy(kind.command({ port, appPort, secure, pem, timeoutS }, changes), port);
  // By name over TLS, as Caddy picks the certificate by it.
  return { ...proxy, url: secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}` };
}
