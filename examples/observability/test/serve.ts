import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler, type WebHandler } from "@ssewire/adapter-node";
import { onTestFinished } from "vitest";

/** Serves `handler` until the test ends. @returns its origin */
export async function serve(handler: WebHandler, onError?: (error: unknown) => void): Promise<string> {
  const listener = toNodeHandler(handler, { onError });
  const server = createServer((req, res) => void listener(req, res));
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
