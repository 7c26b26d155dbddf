import type { ServerResponse } from "node:http";
import express from "express";
import type { Contestant } from "../contestant.ts";
import { serveNode } from "./listen.ts";
import { joinBroadcast, writeFeed, writeHeartbeats, writeToAll } from "./write-by-hand.ts";

/** By hand, a `res.write` for each event, with an eye on backpressure. */
export const expressByHand: Contestant = {
  serveFeed: (feed) => serveExpress((res) => void writeFeed(feed, res)),
  serveHeartbeats: (heartbeatMs) => serveExpress((res) => writeHeartbeats(heartbeatMs, res)),
  async serveBroadcast() {
    const responses = new Set<ServerResponse>();
    const serving = await serveExpress((res) => joinBroadcast(responses, res));
    return { ...serving, send: (data) => writeToAll(responses, data) };
  },
};

function serveExpress(answer: (res: ServerResponse) => void): ReturnType<typeof serveNode> {
  const app = express();
  app.get("/", (_req, res) => answer(res));
  return serveNode(app);
}
