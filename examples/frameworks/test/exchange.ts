import { connect, type IncomingHttpHeaders } from "node:http2";
import { onTestFinished } from "vitest";

/** A request whose answer is read bit by bit. */
export interface Exchange {
  readonly status: number;
  readonly header: (name: string) => string | null;
  /** Everything received so far and up to `text`; the comments that keep a connection alive are left out. */
  readonly until: (text: string) => Promise<string>;
  readonly rest: () => Promise<string>;
  readonly leave: () => void;
}

function exchange(
  body: AsyncIterable<string>,
  leave: () => void,
  status: number,
  header: Exchange["header"],
): Exchange {
  const chunks = body[Symbol.asyncIterator]();
  let received = "";
  const more = async (): Promise<boolean> => {
    const { done, value = "" } = await chunks.next();
    received += value.replace(/^:\n/, "");
    return done !== true;
  };
  const until = async (text: string): Promise<string> => {
    while (!received.includes(text)) if (!(await more())) throw new Error(`Ended without ${text}: ${received}`);
    return received;
  };
  const rest = async (): Promise<string> => {
    while (await more());
    return received;
  };
  return { status, header, until, rest, leave };
}

export async function overHttp1(url: string): Promise<Exchange> {
  const controller = new AbortController();
  const { body, status, headers } = await fetch(url, { signal: controller.signal });
  return exchange(
    decoded(body ?? new ReadableStream()),
    () => controller.abort(),
    status,
    (name) => headers.get(name),
  );
}

/** The text of a body, chunk by chunk. */
export async function* decoded(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true });
}

export async function overHttp2(url: string): Promise<Exchange> {
  const { origin, pathname } = new URL(url);
  const session = connect(origin);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": pathname }).setEncoding("utf8");
  stream.on("error", () => undefined);
  const headers = await new Promise<IncomingHttpHeaders>((resolve) => stream.once("response", resolve));
  const header = (name: string): string | null => headers[name]?.toString() ?? null;
  return exchange(stream, () => stream.close(8), Number(headers[":status"]), header);
}
