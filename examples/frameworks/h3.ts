import { createServer, type Server } from "node:http";
import { H3 } from "h3";
import { toNodeHandler } from "h3/node";
import { accessLog, jobs, manager } from "./jobs.ts";

export const app: H3 = new H3({ silent: true });

app.use((event, next) => {
  event.res.headers.set("X-Served-By", "h3");
  const res = event.runtime?.node?.res;
  res?.once("close", () => accessLog.write(`${event.req.method} ${event.url.pathname} ${res.statusCode}`));
  return next();
});

// h3, and Nitro with it, takes a Response as it is.
app.get("/jobs/:id/progress", ({ req, context }) =>
  manager.createResponse(jobs.watch(context.params?.["id"] ?? ""), { eventType: "progress", request: req }),
);

export const server: Server = createServer(toNodeHandler(app));
