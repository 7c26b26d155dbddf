import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SSEManager } from "@ssewire/core";
import { closeGracefully } from "../src/close-gracefully.ts";
import { toNodeHandler } from "../src/to-node-handler.ts";

/** What this script tells the process that has forked it. */
export type TickingServerMessage = { port: number } | { forced: number };

const manager = new SSEManager();
let onTick: (() => void)[] = [];
const tick = (): Promise<void> => new Promise((resolve) => onTick.push(resolve));

/** Long events, so that a cut is unlikely to fall between two of them. */
const text = "x".repeat(2_000);

async function* ticks(): AsyncGenerator<{ count: number; text: string }> {
  for (let count = 0; ; count += 1) {
    yield { count, text };
    await tick();
  }
}

const timer = setInterval(() => {
  const waiting = onTick;
  onTick = [];
  for (const resolve of waiting) resolve();
}, 200);

const server = createServer(toNodeHandler((request) => manager.createResponse(ticks, { request })));
server.listen(0, "127.0.0.1", () => {
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  tell({ port: (server.address() as AddressInfo).port });
});

// All that a service needs; it ends by itself, as nothing is left to do.
process.once("SIGTERM", async () => {
  const report = await closeGracefully(server, manager, { timeoutMs: 20_000, retryMs: [1_000, 9_000] });
  clearInterval(timer);
  tell(report);
  process.disconnect();
});

function tell(message: TickingServerMessage): void {
  process.send?.(message);
}
