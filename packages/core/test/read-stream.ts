import { EventSourceParserStream } from "eventsource-parser/stream";

/** Everything in a stream, chunk by chunk, as text. */
export async function readChunks(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string[]> {
  const decoder = new TextDecoder();
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(decoder.decode(chunk));
  return chunks;
}

/** Everything in a stream as text. */
export async function readText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return (await readChunks(stream)).join("");
}

/** The body of a response; an error where there is none. */
export function bodyOf(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (response.body === null) throw new Error("The response has no body");
  return response.body;
}

/** The next chunk as text; `undefined` at the end. */
export async function readOne(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<string | undefined> {
  const { value } = await reader.read();
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

/** One event as a conforming parser reads it. */
export interface ReadEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** The events of a stream as a conforming parser reads them. */
export async function readEvents(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  const parsed = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { id, event, data } of parsed) events.push({ id, event, data });
  return events;
}

/** The end of this turn of the event loop: after the promises that settle in it, and what they scheduled. */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(() => setImmediate(resolve)));
}
