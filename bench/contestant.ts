/** A way of serving event streams. Each of them sends events of type `progress` with JSON as data. */
export interface Contestant {
  /** Answers each request with the events of a feed of its own, and ends the stream with it. */
  serveFeed<Message extends object>(feed: Feed<Message>): Promise<Serving>;
  /** Answers each request with nothing but a comment every so many milliseconds. */
  serveHeartbeats?(heartbeatMs: number): Promise<Serving>;
  /** Answers each request with what is sent to all. */
  serveBroadcast?(): Promise<Broadcasting>;
  /** Formats one event and gives its text, with as little else around it as can be. */
  createFormatter?(): Promise<Formatter>;
}

/** Where the events of one response come from. */
export interface Feed<Message extends object> {
  open(): AsyncIterable<Message>;
  /** What is sent of a message, if it is not the message itself. */
  readonly toData?: (message: Message) => object;
}

export function dataOf<Message extends object>({ toData }: Feed<Message>, message: Message): object {
  return toData === undefined ? message : toData(message);
}

export interface Serving {
  readonly port: number;
}

export interface Broadcasting extends Serving {
  send(data: object): void;
}

export interface Formatter {
  /** With JSON as data. */
  formatJson(data: object): string | Promise<string>;
  /** With text of many lines as data, sent as it is. Left out by who cannot. */
  formatText?(text: string): string | Promise<string>;
}

export const EVENT_TYPE = "progress";

/** What those send who write the response by hand. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  "X-Accel-Buffering": "no",
};

/** The event as somebody writes it by hand who knows that JSON has no line breaks. */
export function frameOf(data: object): string {
  return `event: ${EVENT_TYPE}\ndata: ${JSON.stringify(data)}\n\n`;
}
