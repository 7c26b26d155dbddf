import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@ssewire/adapter-node";
import { SSEManager } from "@ssewire/core";

/** What the server says of itself, when asked for `/health`. */
export interface Health {
  /** Streams that the manager owns. */
  readonly open: number;
  /** Sources whose `finally` did not run yet. */
  readonly sources: number;
  readonly rssBytes: number;
  /** After a garbage collection. */
  readonly heapBytes: number;
  /** How many streams ended, by the temper of their client and the reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** Unhandled rejections, uncaught exceptions, warnings, and what `onError` was told. */
  readonly problems: readonly string[];
}

// One process with every stream of the soak: `GET /?temper=…&everyMs=…&bytes=…` counts up for ever.
const manager = new SSEManager();
const closed: Record<string, number> = {};
const problems: string[] = [];
let sources = 0;

for (const event of ["unhandledRejection", "uncaughtException", "warning"]) {
  process.on(event, (problem: unknown) => problems.push(`${event}: ${problem}`));
}

async function* count(everyMs: number, filler: string, signal: AbortSignal): AsyncGenerator<object> {
  sources++;
  try {
    for (let index = 0; ; index++) {
      yield { index, filler };
      await paused(everyMs, signal);
    }
  } finally {
    sources--;
  }
}

function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function health(): Health {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { open: manager.size, sources, rssBytes: rss, heapBytes: heapUsed, closed, problems };
}

const server = createServer(
  toNodeHandler(
    (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/health") return Response.json(health());
      const filler = "x".repeat(Number(searchParams.get("bytes")));
      return manager.createResponse(({ signal }) => count(Number(searchParams.get("everyMs")), filler, signal), {
        request,
        onClose: ({ reason }) => {
          const kind = `${searchParams.get("temper")}, ${reason}`;
          closed[kind] = (closed[kind] ?? 0) + 1;
        },
      });
    },
    // Short, so that clients that never read are let go well before the end.
    { writeTimeoutMs: 5_000, onError: (error) => problems.push(`onError: ${error}`) },
  ),
);
await once(server.listen(0, "127.0.0.1"), "listening");
process.send?.((server.address() as AddressInfo).port);
process.on("disconnect", () => process.exit());
