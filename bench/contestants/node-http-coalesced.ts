import type { ServerResponse } from "node:http";
import { type Contestant, dataOf, type Feed, frameOf, HEADERS } from "../contestant.ts";
import { drained } from "./drained.ts";
import { serveNode } from "./listen.ts";
import { writeHeartbeats } from "./write-by-hand.ts";

const MAX_WRITE = 16_384;

/** Limit B: as A, but what becomes ready in one turn of the event loop is written together, up to 16 KiB. */
export const nodeHttpCoalesced: Contestant = {
  serveFeed: (feed) => serveNode((_req, res) => void coalesceFeed(feed, res)),
  serveHeartbeats: (heartbeatMs) => serveNode((_req, res) => writeHeartbeats(heartbeatMs, res)),
  async serveBroadcast() {
    const pending = new Map<ServerResponse, string>();
    let isFlushDue = false;
    const flush = (): void => {
      isFlushDue = false;
      for (const [res, text] of pending) {
        res.write(text);
        pending.set(res, "");
      }
    };
    const serving = await serveNode((_req, res) => {
      res.writeHead(200, HEADERS);
      res.flushHeaders();
      pending.set(res, "");
      res.on("close", () => pending.delete(res));
    });
    return {
      ...serving,
      send(data) {
        const frame = frameOf(data);
        for (const [res, text] of pending) pending.set(res, text + frame);
        if (!isFlushDue) setImmediate(flush);
        isFlushDue = true;
      },
    };
  },
};

async function coalesceFeed<Message extends object>(feed: Feed<Message>, res: ServerResponse): Promise<void> {
  res.writeHead(200, HEADERS);
  res.flushHeaders();
  let pending = "";
  let isFlushDue = false;
  let isWritable = true;
  const flush = (): void => {
    isFlushDue = false;
    if (pending === "" || res.destroyed) return;
    isWritable = res.write(pending) && isWritable;
    pending = "";
  };
  for await (const message of feed.open()) {
    if (res.destroyed) break;
    pending += frameOf(dataOf(feed, message));
    if (pending.length >= MAX_WRITE) flush();
    else if (!isFlushDue) {
      isFlushDue = true;
      setImmediate(flush);
    }
    if (!isWritable) {
      if (res.writableNeedDrain) await drained(res);
      isWritable = true;
    }
  }
  flush();
  res.end();
}
