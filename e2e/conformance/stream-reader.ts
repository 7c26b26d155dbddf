import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { createParser } from "eventsource-parser";

/** An event of the stream, and when it was here. */
export interface Arrival {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
  readonly arrivedAt: number;
}

/** What a client has of a response: its head, at once, and its body, as it comes. */
export class StreamReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** The body so far. */
  text = "";
  readonly events: Arrival[] = [];
  /** How the body ended: in order, or because the connection or the HTTP/2 stream was cut. */
  readonly ended: Promise<"complete" | "cut">;
  #isEnded = false;
  #onChange: () => void = () => undefined;

  constructor(response: { status: number; headers: IncomingHttpHeaders; body: Readable; isComplete: () => boolean }) {
    this.status = response.status;
    this.headers = response.headers;
    this.body = response.body;
    const parser = createParser({
      onEvent: ({ event, id, data }) => this.events.push({ event, id, data, arrivedAt: Date.now() }),
    });
    this.body.setEncoding("utf8").on("data", (text: string) => {
      this.text += text;
      parser.feed(text);
      this.#onChange();
    });
    // Told by `ended`.
    this.body.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      this.body.once("close", () => {
        this.#isEnded = true;
        this.#onChange();
        resolve(this.body.readableEnded && response.isComplete() ? "complete" : "cut");
      });
    });
  }

  /**
   * Waits until what was received satisfies `isReached`.
   *
   * @throws {Error} When the body ends before.
   */
  async until(isReached: (reader: this) => boolean): Promise<void> {
    while (!isReached(this)) {
      if (this.#isEnded) throw new Error(`The stream ended too early, after ${JSON.stringify(this.text.slice(-500))}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}
