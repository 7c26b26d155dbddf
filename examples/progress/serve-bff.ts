import { createServer } from "node:http";
import { closeGracefully, toNodeHandler } from "@ssewire/adapter-node";
import { createBff } from "./bff.ts";
import { consoleLog } from "./console-log.ts";
import { openRedisLogs } from "./redis-logs.ts";

// One of several BFFs, in a process of its own: start-redis-demo.ts starts it and gives it a socket to listen on.

const { DOCUMENT_SERVICE = "", REDIS_URL = "", SERVERS = "", PORT = "" } = process.env;

const log = consoleLog(`BFF ${PORT}`);
const logs = openRedisLogs(REDIS_URL, (error) => log("warn", "*", `Redis: ${error}`));
const bff = createBff({
  documentService: DOCUMENT_SERVICE,
  log,
  openLog: (documentId) => logs.log(documentId),
  servers: SERVERS.split(" "),
});
const server = createServer(toNodeHandler(bff.fetch));
process.once("message", (_message, socket) => server.listen(socket));
process.send?.("ready");

let isShuttingDown = false;

async function shutDown(): Promise<void> {
  if (isShuttingDown) return;
  isShuttingDown = true;
  // Browsers are told to come back, wherever that leads them to.
  await closeGracefully(server, bff.manager, { timeoutMs: 1_000 });
  // Another BFF makes the gRPC calls from now on, without waiting for the lease to run out.
  await logs.close();
  process.exit(0);
}

process.on("SIGTERM", shutDown);
// The demo is over, in whatever way.
process.on("disconnect", shutDown);
// Ctrl-C reaches all processes of the terminal, but the demo says when.
process.on("SIGINT", () => undefined);
