import type { ServerResponse } from "node:http";
import { dataOf, type Feed, frameOf, HEADERS } from "../contestant.ts";
import { drained } from "./drained.ts";

/** A write per event, as somebody writes it who knows about backpressure and about clients that leave. */
export async function writeFeed<Message extends object>(feed: Feed<Message>, res: ServerResponse): Promise<void> {
  res.writeHead(200, HEADERS);
  res.flushHeaders();
  for await (const message of feed.open()) {
    if (res.destroyed) break;
    if (!res.write(frameOf(dataOf(feed, message)))) await drained(res);
  }
  res.end();
}

/** A timer per stream. */
export function writeHeartbeats(heartbeatMs: number, res: ServerResponse): void {
  res.writeHead(200, HEADERS);
  res.flushHeaders();
  const timer = setInterval(() => res.write(": heartbeat\n\n"), heartbeatMs);
  res.on("close", () => clearInterval(timer));
}

/** Keeps a response among those that a broadcast goes to, as long as its client is there. */
export function joinBroadcast(responses: Set<ServerResponse>, res: ServerResponse): void {
  res.writeHead(200, HEADERS);
  res.flushHeaders();
  responses.add(res);
  res.on("close", () => responses.delete(res));
}

/** Encodes once, writes to each. */
export function writeToAll(responses: ReadonlySet<ServerResponse>, data: object): void {
  const bytes = Buffer.from(frameOf(data));
  for (const res of responses) res.write(bytes);
}
