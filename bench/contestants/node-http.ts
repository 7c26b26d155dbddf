import type { ServerResponse } from "node:http";
import { type Contestant, frameOf } from "../contestant.ts";
import { serveNode } from "./listen.ts";
import { joinBroadcast, writeFeed, writeHeartbeats, writeToAll } from "./write-by-hand.ts";

/** Limit A: `node:http` and nothing else, one `res.write` for each event. */
export const nodeHttp: Contestant = {
  serveFeed: (feed) => serveNode((_req, res) => void writeFeed(feed, res)),
  serveHeartbeats: (heartbeatMs) => serveNode((_req, res) => writeHeartbeats(heartbeatMs, res)),
  async serveBroadcast() {
    const responses = new Set<ServerResponse>();
    const serving = await serveNode((_req, res) => joinBroadcast(responses, res));
    return { ...serving, send: (data) => writeToAll(responses, data) };
  },
  createFormatter: async () => ({ formatJson: frameOf }),
};
