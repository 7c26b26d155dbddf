import { createServer, type Server } from "node:http";
import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
import Koa from "koa";
import { accessLog, jobs, manager } from "./jobs.ts";

export const app: Koa = new Koa();

app.on("error", (error: Error) => accessLog.write(`failed: ${error.message}`));

app.use(async (ctx, next) => {
  ctx.set("X-Served-By", "Koa");
  ctx.res.once("close", () => accessLog.write(`${ctx.method} ${ctx.url} ${ctx.res.statusCode}`));
  await next();
});

app.use(async (ctx, next) => {
  const id = /^\/jobs\/([^/]+)\/progress$/.exec(ctx.path)?.[1];
  if (id === undefined) return next();
  const source = jobs.watch(id);
  const request = toWebRequest(ctx.req, ctx.res);
  // From here on the response is not Koa's: it would end it when the middleware returns.
  ctx.respond = false;
  await sendResponse(manager.createResponse(source, { eventType: "progress", request }), ctx.res);
});

export const server: Server = createServer(app.callback());
