import { createChannel, createEventBuffer, createSession } from "better-sse";
import { type Contestant, dataOf, EVENT_TYPE } from "../contestant.ts";
import { serveNode } from "./listen.ts";

/** What only its defaults would add: reconnection time and keep-alive, the latter measured where it belongs. */
const QUIET = { retry: null, keepAlive: null };

/** Sessions on `node:http`, as its guides have it; a Channel for broadcasts. It has no backpressure. */
export const betterSse: Contestant = {
  serveFeed: (feed) =>
    serveNode(async (req, res) => {
      const session = await createSession(req, res, QUIET);
      // What `session.iterate` does.
      for await (const message of feed.open()) session.push(dataOf(feed, message), EVENT_TYPE);
      res.end();
    }),
  serveHeartbeats: (keepAlive) => serveNode((req, res) => void createSession(req, res, { ...QUIET, keepAlive })),
  async serveBroadcast() {
    const channel = createChannel();
    const serving = await serveNode(async (req, res) => {
      channel.register(await createSession(req, res, QUIET));
    });
    return { ...serving, send: (data) => void channel.broadcast(data, EVENT_TYPE) };
  },
  async createFormatter() {
    const buffer = createEventBuffer();
    // No `formatText`: of text with line breaks only the first line would be in a `data` field.
    return {
      formatJson(data) {
        const text = buffer.event(EVENT_TYPE).data(data).dispatch().read();
        buffer.clear();
        return text;
      },
    };
  },
};
