import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { toNodeHandler } from "@ssewire/adapter-node";
import { encodeEvent, MemoryEventLog, SSEManager } from "@ssewire/core";
import { createChannel, createSession } from "better-sse";
import type { Contestant, Workload } from "./workload.ts";

const READERS = 1_000;

/** Sends each event to all who are connected. */
interface Broadcaster {
  readonly listener: RequestListener;
  send(data: Progress): void;
}

interface Progress {
  readonly percent: number;
  readonly message: string;
}

/** 1 000 readers of one source: `burst` events at a time, as often as `bursts` says. */
function broadcast(name: string, title: string, burst: number, bursts: number): Workload {
  const contestant =
    (create: () => Broadcaster): Contestant =>
    async () => {
      const { listener, send } = create();
      const server = createServer(listener);
      await once(server.listen(0, "127.0.0.1", 4_096), "listening");
      const readers = fork(fileURLToPath(new URL("readers.js", import.meta.url)));
      readers.send({ port: (server.address() as AddressInfo).port, count: READERS });
      await once(readers, "message");
      return {
        async work() {
          const done = once(readers, "message");
          for (let index = 1; index <= bursts; index++) {
            await wait(20);
            for (let event = 1; event <= burst; event++) {
              const isLast = index === bursts && event === burst;
              send({ percent: index, message: isLast ? "the last one" : "Recognising the text of page 7" });
            }
          }
          await done;
          return READERS * bursts * burst;
        },
        close() {
          readers.disconnect();
          server.closeAllConnections();
          server.close();
        },
      };
    };
  return {
    name,
    title,
    unit: "delivery",
    contestants: {
      "res.write in a loop, encoded once": contestant(bareLoop),
      "@ssewire/core MemoryEventLog": contestant(eventLog),
      "better-sse Channel": contestant(betterSse),
    },
  };
}

function bareLoop(): Broadcaster {
  const responses = new Set<ServerResponse>();
  return {
    listener(_req, res) {
      res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      res.flushHeaders();
      responses.add(res);
      res.on("close", () => responses.delete(res));
    },
    send(data) {
      const bytes = Buffer.from(encodeEvent({ event: "progress", data: JSON.stringify(data) }));
      for (const res of responses) res.write(bytes);
    },
  };
}

function eventLog(): Broadcaster {
  const manager = new SSEManager({ openingMs: 1 });
  const log = new MemoryEventLog({ eventType: "progress" });
  return {
    listener: toNodeHandler((request) => manager.createResponse(({ signal }) => log.read({ signal }), { request })),
    send: (data) => void log.append(data),
  };
}

function betterSse(): Broadcaster {
  const channel = createChannel();
  return {
    async listener(req, res) {
      channel.register(await createSession(req, res));
    },
    send: (data) => void channel.broadcast(data, "progress"),
  };
}

export const broadcastPaced: Workload = broadcast("broadcast", "One event at a time to 1 000 readers", 1, 150);
export const broadcastBursts: Workload = broadcast("broadcast-bursts", "Ten events at a time to 1 000 readers", 10, 40);
