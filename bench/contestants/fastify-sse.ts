import plugin, { type SSEReplyInterface } from "@fastify/sse";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { type Contestant, dataOf, EVENT_TYPE, type Feed, type Serving } from "../contestant.ts";
import { portOf } from "./listen.ts";

/** The plugin of Fastify; an async iterable is handed to it whole, as its readme has it. */
export const fastifySse: Contestant = {
  async serveFeed(feed) {
    const app = await createApp();
    app.get("/", { sse: "only" }, async (_request, reply) => {
      await reply.sse.send(messagesOf(feed));
    });
    return listen(app);
  },
  async serveHeartbeats(heartbeatMs) {
    const app = await createApp(heartbeatMs);
    app.get("/", { sse: "only" }, async (_request, reply) => {
      open(reply);
    });
    return listen(app);
  },
  async serveBroadcast() {
    const connections = new Set<SSEReplyInterface>();
    const app = await createApp();
    app.get("/", { sse: "only" }, async (_request, reply) => {
      open(reply);
      const { sse } = reply;
      connections.add(sse);
      sse.onClose(() => connections.delete(sse));
    });
    const serving = await listen(app);
    return {
      ...serving,
      send(data) {
        for (const sse of connections) void sse.send({ event: EVENT_TYPE, data });
      },
    };
  },
  async createFormatter() {
    const app = await createApp();
    let written = "";
    const sse = await new Promise<SSEReplyInterface>((resolve) => {
      app.get("/", { sse: { kind: "only", serializer } }, async (_request, reply) => {
        reply.sse.keepAlive();
        reply.sse.sendHeaders();
        reply.raw.write = (text: unknown) => {
          written = String(text);
          return true;
        };
        resolve(reply.sse);
      });
      void app.inject({ url: "/" });
    });
    const format = async (data: unknown): Promise<string> => {
      await sse.send({ event: EVENT_TYPE, data });
      return written;
    };
    return { formatJson: format, formatText: format };
  },
};

function serializer(data: unknown): string {
  return typeof data === "string" ? data : JSON.stringify(data);
}

function open({ sse, raw }: FastifyReply): void {
  sse.keepAlive();
  sse.sendHeaders();
  // Without it, the head would wait for the first event.
  raw.flushHeaders();
}

async function createApp(heartbeatInterval = 0): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(plugin, { heartbeatInterval });
  return app;
}

async function listen(app: FastifyInstance): Promise<Serving> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: portOf(app.server.address()) };
}

async function* messagesOf<Message extends object>(
  feed: Feed<Message>,
): AsyncIterable<{ event: string; data: object }> {
  for await (const message of feed.open()) yield { event: EVENT_TYPE, data: dataOf(feed, message) };
}
