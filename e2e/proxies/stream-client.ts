import { once } from "node:events";
import { type IncomingMessage, request as requestHttp1 } from "node:http";
import { type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { createParser } from "eventsource-parser";

export interface ReceivedEvent {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: string;
  /** When it arrived, as of `Date.now()`. */
  readonly receivedAt: number;
}

/** An event stream that was asked for. Nothing is read from it unless somebody wants it. */
export interface ClientStream {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The events and, as text, the comments. Throws when the stream is cut and that can be told from its end. */
  readonly received: AsyncGenerator<ReceivedEvent | string, void>;
  /** Leaves as a browser does: closes the connection, or over HTTP/2 resets the stream. */
  leave(): void;
}

/** Asks for an event stream, over HTTP/2 and TLS if the address is one of https. Resolves with the head. */
export function openStream(url: string, headers: Readonly<Record<string, string>> = {}): Promise<ClientStream> {
  const sent = { accept: "text/event-stream", "accept-encoding": "gzip", ...headers };
  return url.startsWith("https:") ? openHttp2(new URL(url), sent) : openHttp1(url, sent);
}

async function openHttp1(url: string, headers: Readonly<Record<string, string>>): Promise<ClientStream> {
  const request = requestHttp1(url, { headers, agent: false }).end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve).on("error", reject);
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    received: readEvents(decoded(response, response.headers)),
    leave: () => response.destroy(),
  };
}

async function openHttp2(url: URL, headers: Readonly<Record<string, string>>): Promise<ClientStream> {
  // The certificate is self-signed.
  const session = connectHttp2(url.origin, { rejectUnauthorized: false });
  const stream = session.request({ ...headers, ":path": `${url.pathname}${url.search}` });
  stream.on("close", () => session.close());
  const [{ ":status": status, ...others }] = await once(stream, "response");
  return {
    status,
    headers: others,
    received: readHttp2(stream, decoded(stream, others)),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}

function decoded(body: Readable, headers: Readonly<Record<string, unknown>>): Readable {
  return headers["content-encoding"] === "gzip" ? body.pipe(createGunzip()) : body;
}

/** Node ends a stream that was reset as it ends any other. */
async function* readHttp2(stream: ClientHttp2Stream, body: Readable): ClientStream["received"] {
  yield* readEvents(body);
  if (!stream.closed) await once(stream, "close");
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error(`The stream was reset with ${stream.rstCode}`);
}

async function* readEvents(body: Readable): ClientStream["received"] {
  const received: (ReceivedEvent | string)[] = [];
  const parser = createParser({
    onEvent: ({ event = "message", id, data }) => received.push({ type: event, id, data, receivedAt: Date.now() }),
    onComment: (comment) => received.push(comment),
  });
  // As text, which puts a character together that was cut in two.
  for await (const chunk of body.setEncoding("utf8")) {
    parser.feed(chunk);
    yield* received.splice(0);
  }
}
