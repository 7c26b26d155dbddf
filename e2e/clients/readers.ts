import { spawn } from "node:child_process";
import { once } from "node:events";
import { createParser } from "eventsource-parser";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type Component, findCurl } from "../find-component.ts";
import type { DeliveredEvent } from "./event-sources.ts";

/** One response to a client that leaves coming back to its user. */
export interface Reading {
  readonly status: number;
  /** With their own ids, and whatever their types are. */
  readonly events: readonly DeliveredEvent[];
}

/** A client that reads one event stream to its end. */
export interface Reader {
  readonly name: string;
  readonly secure: boolean;
  readonly component: Component | undefined;
  read(url: string, lastEventId?: string): Promise<Reading>;
}

const fetchReader: Reader = {
  name: "fetch and eventsource-parser/stream",
  secure: false,
  component: undefined,
  async read(url, lastEventId) {
    // Header values are bytes, which fetch takes as Latin-1.
    const id = lastEventId === undefined ? {} : { "Last-Event-ID": Buffer.from(lastEventId).toString("latin1") };
    const response = await fetch(url, { headers: { Accept: "text/event-stream", ...id } });
    const events: DeliveredEvent[] = [];
    const parsed = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()) ?? [];
    for await (const { event = "message", id = "", data } of parsed) events.push([event, id, data]);
    return { status: response.status, events };
  },
};

const curl = findCurl();

const curlReader = (secure: boolean): Reader => ({
  name: `curl, HTTP/${secure ? "2" : "1.1"}`,
  secure,
  component: curl,
  async read(url, lastEventId) {
    const id = lastEventId === undefined ? [] : ["-H", `Last-Event-ID: ${lastEventId}`];
    const args = [
      "-sSNk",
      "-H",
      "Accept: text/event-stream",
      ...id,
      "-w",
      "%{stderr}%{http_version} %{http_code}",
      url,
    ];
    const child = spawn(curl.path ?? "curl", args, { stdio: ["ignore", "pipe", "pipe"] });
    const events: DeliveredEvent[] = [];
    const parser = createParser({
      onEvent: ({ event = "message", id = "", data }) => events.push([event, id, data]),
    });
    let summary = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => parser.feed(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      summary += text;
    });
    await once(child, "close");
    const [version, status] = summary.split(" ");
    if (version !== (secure ? "2" : "1.1")) throw new Error(`curl has failed: ${summary}`);
    return { status: Number(status), events };
  },
});

export const readers: readonly Reader[] = [fetchReader, curlReader(false), curlReader(true)];
