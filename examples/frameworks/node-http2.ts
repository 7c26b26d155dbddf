import { createServer, type Http2Server } from "node:http2";
import { toNodeHandler } from "@ssewire/adapter-node";
import { handle } from "./handle.ts";
import { accessLog } from "./jobs.ts";

const listener = toNodeHandler(handle, { onError: (error) => accessLog.write(`failed: ${error}`) });

// Browsers speak HTTP/2 over TLS only: there take `createSecureServer({ key, cert, allowHTTP1: true }, …)`.
export const server: Http2Server = createServer((req, res) => {
  res.once("close", () => accessLog.write(`${req.method} ${req.url} ${res.statusCode}`));
  void listener(req, res);
});
