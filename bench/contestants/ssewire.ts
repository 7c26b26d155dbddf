import { sendResponse, toNodeHandler } from "@ssewire/adapter-node";
import { encodeEvent, MemoryEventLog, type Serializer, SSEManager } from "@ssewire/core";
import { type Contestant, EVENT_TYPE, type Feed, type Serving } from "../contestant.ts";
import { serveNode } from "./listen.ts";
import { honoServer, srvxServer, type WebServer } from "./web-server.ts";

/** Serves what makes a Response, with or without a Request. */
type ResponseServer = (answer: (request?: Request) => Response) => Promise<Serving>;

const adapterNode: WebServer = (answer) => serveNode(toNodeHandler(answer));

/** Without the Request that nobody has looked at. */
const responseSender: ResponseServer = (answer) => serveNode((_req, res) => void sendResponse(answer(), res));

/** `SSEManager` as its documentation has it; an event log for broadcasts. */
function ssewireOn(serve: ResponseServer, serialize?: Serializer): Contestant {
  const options = { eventType: EVENT_TYPE, serialize };
  const manager = new SSEManager();
  return {
    serveFeed: (feed) => serve((request) => manager.createResponse(() => dataOf(feed), { ...options, request })),
    serveHeartbeats: (heartbeatMs) => serve((request) => manager.createResponse(silence, { heartbeatMs, request })),
    async serveBroadcast() {
      const log = new MemoryEventLog({ eventType: EVENT_TYPE });
      const serving = await serve((request) =>
        manager.createResponse(({ signal }) => log.read({ signal }), { request }),
      );
      return { ...serving, send: (data) => void log.append(data) };
    },
    createFormatter: async () => ({
      formatJson: (data) => encodeEvent({ event: EVENT_TYPE, data: JSON.stringify(data) }),
      formatText: (text) => encodeEvent({ event: EVENT_TYPE, data: text }),
    }),
  };
}

function dataOf<Message extends object>({ open, toData }: Feed<Message>): AsyncIterable<object> {
  return toData === undefined ? open() : mapped(open(), toData);
}

async function* mapped<Message>(
  messages: AsyncIterable<Message>,
  toData: (message: Message) => object,
): AsyncIterable<object> {
  for await (const message of messages) yield toData(message);
}

/** Yields nothing, and holds next to nothing. */
function silence(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
}

export const ssewireOnNode: Contestant = ssewireOn(adapterNode);
export const ssewireOnHono: Contestant = ssewireOn(honoServer);
export const ssewireOnSrvx: Contestant = ssewireOn(srvxServer);
export const ssewireWithoutRequest: Contestant = ssewireOn(responseSender);
export function ssewireWithSerializer(serialize: Serializer): Contestant {
  return ssewireOn(adapterNode, serialize);
}
