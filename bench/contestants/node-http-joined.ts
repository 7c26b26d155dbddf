import type { ServerResponse } from "node:http";
import { type Contestant, frameOf } from "../contestant.ts";
import { serveNode } from "./listen.ts";
import { nodeHttp } from "./node-http.ts";
import { joinBroadcast } from "./write-by-hand.ts";

/** What a broadcast could cost at the least: the frames of a turn are joined and encoded once, for all readers. */
export const nodeHttpJoined: Contestant = {
  ...nodeHttp,
  async serveBroadcast() {
    const responses = new Set<ServerResponse>();
    let pending = "";
    const flush = (): void => {
      const bytes = Buffer.from(pending);
      pending = "";
      for (const res of responses) res.write(bytes);
    };
    const serving = await serveNode((_req, res) => joinBroadcast(responses, res));
    return {
      ...serving,
      send(data) {
        if (pending === "") setImmediate(flush);
        pending += frameOf(data);
      },
    };
  },
};
