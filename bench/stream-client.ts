import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import { BodyDecoder } from "./body-decoder.ts";

const LF = 10;
/** Bytes at the end of a stream that are kept: more than the last event has. */
const TAIL_BYTES = 1_024;
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";

export interface StreamClientOptions {
  readonly port: number;
  /** Whether all is parsed, or events are only counted, which costs a fraction. */
  readonly parsed: boolean;
  /** Called with the head, with each event, and at the end. */
  readonly onProgress: (client: StreamClient) => void;
  readonly onError: (error: Error) => void;
}

/** One connection that reads one event stream. */
export class StreamClient {
  /** Events so far: parsed ones, or blank lines. */
  events = 0;
  comments = 0;
  hasHead = false;
  isEnded = false;
  /** Microseconds from when an event was made until it was read. */
  latencies: number[] = [];
  readonly #socket: Socket;
  #parsed: boolean;
  #hash = createHash("sha1");
  #parser: EventSourceParser;
  readonly #tail = Buffer.alloc(TAIL_BYTES);
  #tailLength = 0;
  #wasLf = false;

  constructor({ port, parsed, onProgress, onError }: StreamClientOptions) {
    this.#parsed = parsed;
    this.#parser = this.#createParser();
    const decoder = new BodyDecoder({
      onHead: () => {
        this.hasHead = true;
        onProgress(this);
      },
      onBody: (bytes, start, end) => {
        const { events } = this;
        if (this.#parsed) this.#parser.feed(bytes.toString("latin1", start, end));
        else this.#count(bytes, start, end);
        if (this.events > events) onProgress(this);
      },
      onEnd: () => {
        this.isEnded = true;
        this.#socket.destroy();
        onProgress(this);
      },
    });
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.setNoDelay(true);
    this.#socket.on("connect", () => this.#socket.write(REQUEST));
    this.#socket.on("data", (bytes) => {
      try {
        decoder.feed(bytes);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    });
    this.#socket.on("error", onError);
    this.#socket.on("end", () => {
      if (!this.isEnded) onError(new Error(`The stream was cut after ${this.events} events`));
    });
  }

  /** From now on; call it between events. */
  restart(parsed: boolean): void {
    this.#parsed = parsed;
    this.events = 0;
    this.latencies = [];
    this.#hash = createHash("sha1");
    this.#parser = this.#createParser();
    this.#wasLf = false;
  }

  /** Of all events, or of the last one when they were only counted. */
  digest(): string {
    if (!this.#parsed) this.#parseTail();
    return this.#hash.copy().digest("hex");
  }

  destroy(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.destroy();
    return closed;
  }

  #createParser(): EventSourceParser {
    return createParser({
      onEvent: (event) => {
        this.events++;
        this.#digest(event);
      },
      onComment: () => this.comments++,
    });
  }

  #digest({ event, data }: EventSourceMessage): void {
    const sentAt = /"sentAtUs":(\d+)/.exec(data);
    if (sentAt) this.latencies.push(Number(process.hrtime.bigint() / 1_000n) - Number(sentAt[1]));
    this.#hash.update(`${event}\n${data.replace(/"sentAtUs":\d+/, "")}\n`);
  }

  #count(bytes: Buffer, start: number, end: number): void {
    let wasLf = this.#wasLf;
    let length = this.#tailLength;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === LF && wasLf) this.events++;
      wasLf = byte === LF;
      this.#tail[length++ % TAIL_BYTES] = byte;
    }
    this.#wasLf = wasLf;
    this.#tailLength = length;
  }

  #parseTail(): void {
    const at = this.#tailLength % TAIL_BYTES;
    const text = this.#tail.toString("latin1", at) + this.#tail.toString("latin1", 0, at);
    const start = text.lastIndexOf("\n\n", text.length - 3) + 2;
    const parser = createParser({ onEvent: (event) => this.#digest(event) });
    parser.feed(text.slice(start));
  }
}
