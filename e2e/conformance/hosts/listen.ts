import type { Server } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { announce } from "./announce.ts";

/** Lets a server of Node listen on a free port, and says where. */
export function listen(server: Server | Http2Server | Http2SecureServer, scheme: "http" | "https" = "http"): void {
  server.listen(0, "127.0.0.1", () => {
    // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
    const { port } = server.address() as AddressInfo;
    announce(`${scheme}://127.0.0.1:${port}`);
  });
}
