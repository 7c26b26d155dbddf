import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { SSEManager, type SseEvent, shareSource, sse } from "@ssewire/core";
import { createClient } from "redis";
import { RedisEventLogs } from "../src/index.ts";

// A server in a process of its own: GET /<key>/<count> counts up, one source for all servers with the same Redis.

/** What it tells its test. */
export type BffMessage = { readonly port: number } | { readonly leadsFrom: number };

const [path = ""] = process.argv.slice(2);
const tell = (message: BffMessage): void => void process.send?.(message);

const logs = new RedisEventLogs({ client: createClient({ socket: { path, tls: false } }), leaseMs: 1_000 });
const manager = new SSEManager();
const watch = shareSource<number>({
  start: async function* (key, { signal, lastEventId }): AsyncGenerator<SseEvent<number>> {
    const count = Number(key.split("/").at(-1));
    const first = lastEventId === undefined ? 0 : Number(lastEventId) + 1;
    tell({ leadsFrom: first });
    for (let value = first; value < count; value++) {
      await delay(2, undefined, { signal });
      yield sse(value, { id: String(value) });
    }
  },
  log: (key) => logs.log(key),
  graceMs: 100,
});

const server = createServer((req, res) => {
  const headers = new Headers();
  const last = req.headers["last-event-id"];
  if (typeof last === "string") headers.set("last-event-id", last);
  const controller = new AbortController();
  res.on("close", () => controller.abort());
  const request = new Request(`http://localhost${req.url}`, { headers, signal: controller.signal });
  const response = manager.createResponse(watch(req.url ?? "/"), { request, endEvent: sse("", { event: "end" }) });
  res.writeHead(response.status, Object.fromEntries(response.headers));
  // Its types are those of Node's own streams.
  Readable.fromWeb(response.body as never)
    .on("error", () => res.destroy())
    .pipe(res);
});
server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }));
