import { Hono } from "hono";
import { SSEStreamingApi, streamSSE } from "hono/streaming";
import { type Contestant, dataOf, EVENT_TYPE } from "../contestant.ts";
import { honoServer } from "./web-server.ts";

/** `streamSSE` on `@hono/node-server`, each write awaited, as its guide has it. */
export const honoStreamSse: Contestant = {
  serveFeed(feed) {
    const app = new Hono();
    app.get("/", (c) =>
      streamSSE(c, async (stream) => {
        for await (const message of feed.open()) {
          if (stream.aborted) break;
          await stream.writeSSE({ event: EVENT_TYPE, data: JSON.stringify(dataOf(feed, message)) });
        }
      }),
    );
    return honoServer(app.fetch);
  },
  serveHeartbeats(heartbeatMs) {
    const app = new Hono();
    app.get("/", (c) =>
      streamSSE(c, async (stream) => {
        while (!stream.aborted) {
          await stream.sleep(heartbeatMs);
          await stream.write(": heartbeat\n\n");
        }
      }),
    );
    return honoServer(app.fetch);
  },
  async serveBroadcast() {
    const streams = new Set<SSEStreamingApi>();
    const app = new Hono();
    app.get("/", (c) =>
      streamSSE(c, async (stream) => {
        streams.add(stream);
        await new Promise<void>((resolve) => stream.onAbort(resolve));
        streams.delete(stream);
      }),
    );
    const serving = await honoServer(app.fetch);
    return {
      ...serving,
      send(data) {
        const message = { event: EVENT_TYPE, data: JSON.stringify(data) };
        for (const stream of streams) void stream.writeSSE(message);
      },
    };
  },
  async createFormatter() {
    const { readable, writable } = new TransformStream();
    const stream = new (class extends SSEStreamingApi {
      text = "";
      override async write(input: Uint8Array | string): Promise<this> {
        this.text = String(input);
        return this;
      }
    })(writable, readable);
    const formatText = async (data: string): Promise<string> => {
      await stream.writeSSE({ event: EVENT_TYPE, data });
      return stream.text;
    };
    return { formatJson: (data) => formatText(JSON.stringify(data)), formatText };
  },
};
