import { type Contestant, dataOf, type Feed, frameOf, HEADERS } from "../contestant.ts";
import { honoServer, srvxServer, type WebServer } from "./web-server.ts";

const encoder = new TextEncoder();

/** srvx holds the head until there is something to send. */
const OPENING = encoder.encode(": open\n\n");

/** A ReadableStream by hand that enqueues one event for each pull. */
function webStreamOn(serve: WebServer): Contestant {
  return {
    serveFeed: (feed) => serve(() => toResponse(feedStream(feed))),
    serveHeartbeats(heartbeatMs) {
      const bytes = encoder.encode(": heartbeat\n\n");
      return serve(() => {
        let timer: NodeJS.Timeout;
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(OPENING);
            timer = setInterval(() => controller.enqueue(bytes), heartbeatMs);
          },
          cancel: () => clearInterval(timer),
        });
        return toResponse(stream);
      });
    },
    async serveBroadcast() {
      const controllers = new Set<ReadableStreamDefaultController<Uint8Array>>();
      const serving = await serve(() => {
        let own: ReadableStreamDefaultController<Uint8Array>;
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            own = controller;
            controller.enqueue(OPENING);
            controllers.add(controller);
          },
          cancel: () => void controllers.delete(own),
        });
        return toResponse(stream);
      });
      return {
        ...serving,
        send(data) {
          const bytes = encoder.encode(frameOf(data));
          for (const controller of controllers) controller.enqueue(bytes);
        },
      };
    },
  };
}

function toResponse(stream: ReadableStream<Uint8Array>): Response {
  return new Response(stream, { headers: HEADERS });
}

function feedStream<Message extends object>(feed: Feed<Message>): ReadableStream<Uint8Array> {
  const iterator = feed.open()[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(frameOf(dataOf(feed, value))));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

export const webStreamOnHono: Contestant = webStreamOn(honoServer);
export const webStreamOnSrvx: Contestant = webStreamOn(srvxServer);
