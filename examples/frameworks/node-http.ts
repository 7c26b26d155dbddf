import { createServer, type Server } from "node:http";
import { toNodeHandler } from "@ssewire/adapter-node";
import { handle } from "./handle.ts";
import { accessLog } from "./jobs.ts";

// What the handler throws becomes an empty 500, and is reported here.
const listener = toNodeHandler(handle, { onError: (error) => accessLog.write(`failed: ${error}`) });

export const server: Server = createServer((req, res) => {
  res.once("close", () => accessLog.write(`${req.method} ${req.url} ${res.statusCode}`));
  void listener(req, res);
});
