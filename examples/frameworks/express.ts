import { createServer, type Server } from "node:http";
import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
import compression from "compression";
import express, { type Express } from "express";
import { accessLog, jobs, manager } from "./jobs.ts";

export const app: Express = express();

app.use((req, res, next) => {
  res.setHeader("X-Served-By", "Express");
  res.once("close", () => accessLog.write(`${req.method} ${req.originalUrl} ${res.statusCode}`));
  next();
});

// Events pass it one by one.
app.use(compression());

app.get("/jobs/:id/progress", async (req, res) => {
  // What is thrown here goes to the error handlers of Express.
  const source = jobs.watch(req.params.id);
  const request = toWebRequest(req, res);
  await sendResponse(manager.createResponse(source, { eventType: "progress", request }), res);
});

export const server: Server = createServer(app);
