import { createAdaptorServer, type HttpBindings, type ServerType } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { sendResponse } from "@ssewire/adapter-node";
import { Hono } from "hono";
import { accessLog, jobs, manager } from "./jobs.ts";

export const app: Hono<{ Bindings: HttpBindings }> = new Hono();

app.use((c, next) => {
  const { outgoing } = c.env;
  outgoing.once("close", () => accessLog.write(`${c.req.method} ${c.req.path} ${outgoing.statusCode}`));
  return next();
});

app.use("/jobs/*", async (c, next) => {
  await next();
  c.header("X-Served-By", "Hono");
});

// Hono takes a Response as it is, on Node and anywhere else.
app.get("/jobs/:id/progress", (c) =>
  manager.createResponse(jobs.watch(c.req.param("id")), { eventType: "progress", request: c.req.raw }),
);

// The same through the adapter, for what Hono's own bridge lacks, such as `writeTimeoutMs`. No middleware may set a
// header here: Hono makes another Response then, and tries to send it.
app.get("/node/jobs/:id/progress", (c) => {
  const source = jobs.watch(c.req.param("id"));
  const { outgoing } = c.env;
  outgoing.setHeader("X-Served-By", "Hono");
  // Its body is cancelled when the client leaves.
  void sendResponse(manager.createResponse(source, { eventType: "progress" }), outgoing);
  return RESPONSE_ALREADY_SENT;
});

export const server: ServerType = createAdaptorServer(app);
