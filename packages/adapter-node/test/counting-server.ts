import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { SSEManager } from "@ssewire/core";
import { toNodeHandler } from "../src/to-node-handler.ts";

/** What this script tells first. */
export interface CountingServerPorts {
  readonly http: number;
  readonly http2: number;
}

/** What it answers whenever it is sent `"count"`, or after a garbage collection `"weigh"`. */
export interface CountingServerCounts {
  /** Sources that were started. */
  readonly started: number;
  /** Sources whose `finally` ran. */
  readonly released: number;
  /** Unhandled rejections, uncaught exceptions, process warnings, and what `onError` was told. */
  readonly complaints: string[];
  readonly heapBytes: number;
  /** What keeps the event loop alive: servers, sockets, timers. */
  readonly handles: number;
}

let started = 0;
let released = 0;
const complaints: string[] = [];
const complain = (problem: unknown): void => void complaints.push(String(problem));
process.on("unhandledRejection", complain).on("uncaughtException", complain).on("warning", complain);

const manager = new SSEManager();

async function* source({ signal }: { signal: AbortSignal }): AsyncGenerator<string> {
  started += 1;
  try {
    yield "hello";
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  } finally {
    released += 1;
  }
}

const listener = toNodeHandler((request) => manager.createResponse(source, { request }), { onError: complain });
const http = createServer((req, res) => void listener(req, res)).listen(0, "127.0.0.1");
const http2 = createHttp2Server((req, res) => void listener(req, res)).listen(0, "127.0.0.1");

process.on("message", async (request) => {
  if (request === "weigh") await collectGarbage();
  const handles = process.getActiveResourcesInfo().length;
  const { heapUsed: heapBytes } = process.memoryUsage();
  process.send?.({ started, released, complaints, heapBytes, handles } satisfies CountingServerCounts);
});

await Promise.all([once(http, "listening"), once(http2, "listening")]);
process.send?.({ http: portOf(http), http2: portOf(http2) } satisfies CountingServerPorts);

/** Again and again, since what one finalizer lets go another has to find. */
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  return (server.address() as AddressInfo).port;
}
