import { getRequestListener } from "@hono/node-server";
import { serve } from "srvx";
import type { Serving } from "../contestant.ts";
import { portOf, serveNode } from "./listen.ts";

/** Something that serves what answers with a Response. */
export type WebServer = (answer: (request: Request) => Response | Promise<Response>) => Promise<Serving>;

/** `@hono/node-server`. */
export const honoServer: WebServer = (fetch) => serveNode(getRequestListener(fetch));

export const srvxServer: WebServer = async (fetch) => {
  const server = serve({ fetch, port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return { port: portOf(server.node?.server?.address() ?? null) };
};
