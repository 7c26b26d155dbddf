import type { Server } from "node:http";
import { type ToNodeHandlerOptions, toNodeHandler, type WebHandler } from "../src/to-node-handler.ts";
import { type LocalServer, serve } from "./local-server.ts";

/** A server made of a handler, and what became of its answers. */
export interface HandlingServer extends LocalServer<Server> {
  readonly errors: unknown[];
  readonly settled: Promise<void>[];
}

export async function handling(handler: WebHandler, options: ToNodeHandlerOptions = {}): Promise<HandlingServer> {
  const errors: unknown[] = [];
  const settled: Promise<void>[] = [];
  const listener = toNodeHandler(handler, { onError: (error) => errors.push(error), ...options });
  const local = await serve((req, res) => void settled.push(listener(req, res)));
  return { ...local, errors, settled };
}

/** Settles when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
