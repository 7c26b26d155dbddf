import { createEventStream, type EventStream, H3, mockEvent, serve } from "h3";
import { type Contestant, dataOf, EVENT_TYPE, type Feed, type Serving } from "../contestant.ts";
import { portOf } from "./listen.ts";

/** `createEventStream` on h3's own Node server, each push awaited. */
export const h3: Contestant = {
  serveFeed: (feed) =>
    serveEventStream((stream) => {
      void pushFeed(feed, stream);
    }),
  serveHeartbeats: (heartbeatMs) =>
    serveEventStream((stream) => {
      open(stream);
      const timer = setInterval(() => stream.pushComment("heartbeat"), heartbeatMs);
      stream.onClosed(() => clearInterval(timer));
    }),
  async serveBroadcast() {
    const streams = new Set<EventStream>();
    const serving = await serveEventStream((stream) => {
      open(stream);
      streams.add(stream);
      stream.onClosed(() => streams.delete(stream));
    });
    return {
      ...serving,
      send(data) {
        const message = { event: EVENT_TYPE, data: JSON.stringify(data) };
        for (const stream of streams) void stream.push(message);
      },
    };
  },
  async createFormatter() {
    let stream = pausedStream();
    let pushed = 0;
    const formatText = async (data: string): Promise<string> => {
      // What it keeps must not grow for ever.
      if (++pushed % MAX_KEPT === 0) stream = pausedStream();
      await stream.push({ event: EVENT_TYPE, data });
      // The event itself cannot be had.
      return data;
    };
    return { formatJson: (data) => formatText(JSON.stringify(data)), formatText };
  },
};

const MAX_KEPT = 1_000;

/** What is pushed into a paused stream is formatted and kept. */
function pausedStream(): EventStream {
  const stream = createEventStream(mockEvent("/"));
  stream.pause();
  return stream;
}

/** Its server holds the head until there is something to send. */
function open(stream: EventStream): void {
  void stream.pushComment("open");
}

async function serveEventStream(onStream: (stream: EventStream) => void): Promise<Serving> {
  const app = new H3();
  app.get("/", (event) => {
    const stream = createEventStream(event);
    onStream(stream);
    return stream.send();
  });
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  return { port: portOf(server.node?.server?.address() ?? null) };
}

async function pushFeed<Message extends object>(feed: Feed<Message>, stream: EventStream): Promise<void> {
  let isClosed = false;
  stream.onClosed(() => {
    isClosed = true;
  });
  for await (const message of feed.open()) {
    if (isClosed) return;
    await stream.push({ event: EVENT_TYPE, data: JSON.stringify(dataOf(feed, message)) });
  }
  await stream.close();
}
