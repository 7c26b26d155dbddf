import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Serving } from "../contestant.ts";

/** @returns the port that a server was given. */
async function listen(server: Server): Promise<Serving> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: portOf(server.address()) };
}

export function serveNode(listener: RequestListener): Promise<Serving> {
  return listen(createServer(listener));
}

export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port");
  return address.port;
}
