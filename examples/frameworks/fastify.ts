import type { Server } from "node:http";
import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
import fastify, { type FastifyInstance } from "fastify";
import { accessLog, jobs, manager } from "./jobs.ts";

export const app: FastifyInstance = fastify();

app.addHook("onRequest", async (_request, reply) => {
  reply.header("X-Served-By", "Fastify");
});

app.addHook("onResponse", async ({ method, url }, reply) => {
  accessLog.write(`${method} ${url} ${reply.raw.statusCode}`);
});

// It stands in for `onResponse` when the client has left.
app.addHook("onRequestAbort", async ({ method, url }) => {
  accessLog.write(`${method} ${url} aborted`);
});

app.get<{ Params: { id: string } }>("/jobs/:id/progress", async ({ raw, params }, reply) => {
  // What is thrown before `hijack` goes to Fastify's error handler.
  const source = jobs.watch(params.id);
  const request = toWebRequest(raw, reply.raw);
  reply.hijack();
  // Fastify would have done this when sending.
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  await sendResponse(manager.createResponse(source, { eventType: "progress", request }), reply.raw);
});

await app.ready();

export const server: Server = app.server;
