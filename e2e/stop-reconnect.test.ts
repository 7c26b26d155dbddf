import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@ssewire/adapter-node";
import { type AnyEvents, errorData, type ResponseOptions, type SourceContext, SSEManager, sse } from "@ssewire/core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";

const chromium = findChromium();

/** A request for the stream as the server saw it, and what it was answered. */
interface Seen {
  /** `undefined` for none; UTF-8 decoded. */
  readonly lastEventId: string | undefined;
  status: number | undefined;
  readonly response: ServerResponse;
}

/** Settles once the page has collected the event with this id. */
type Arrival = (id: string) => Promise<void>;

interface Site {
  readonly url: string;
  /** The requests for the stream, in order. */
  readonly seen: readonly Seen[];
}

/** What the page has seen when its EventSource has given up. */
interface Outcome {
  /** `[type, lastEventId, data]` of each event with data. */
  readonly events: [type: string, id: string, data: string][];
  readonly opened: number;
  readonly readyState: number;
}

type Source = (context: SourceContext, seen: Seen, arrival: Arrival) => AsyncIterable<unknown>;

/** Serves an empty page, the stream at `/events`, and what tells of events that arrived, until the test ends. */
async function serve(source: Source, options: ResponseOptions = {}): Promise<Site> {
  const seen: Seen[] = [];
  const arrivals = new EventEmitter();
  const arrival = async (id: string): Promise<void> => void (await once(arrivals, id));
  const manager = new SSEManager<AnyEvents>({ stopReconnect: true, retryMs: 20, ...options });
  const stream = toNodeHandler((request, { res }) => {
    const current = seen.at(-1);
    if (current === undefined) throw new Error(`No request belongs to ${res.statusCode}`);
    const response = manager.createResponse((context: SourceContext) => source(context, current, arrival), { request });
    current.status = response.status;
    return response;
  });
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
    if (pathname === "/collected") {
      res.writeHead(204).end();
      arrivals.emit(searchParams.get("id") ?? "");
      return;
    }
    if (pathname !== "/events") {
      res.setHeader("Content-Type", "text/html");
      res.end("<!doctype html><title>stream</title><link rel=icon href=data:>");
      return;
    }
    const header = req.headers["last-event-id"];
    const lastEventId = typeof header === "string" ? Buffer.from(header, "latin1").toString("utf8") : undefined;
    seen.push({ lastEventId, status: undefined, response: res });
    void stream(req, res);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, seen };
}

const requestsOf = ({ seen }: Site): [id: string | undefined, status: number | undefined][] =>
  seen.map(({ lastEventId, status }) => [lastEventId, status]);

describe.skipIf(chromium.path === undefined)(`EventSource in Chromium (${chromium.note})`, () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium(chromium);
    page = await browser.newPage();
  });

  afterAll(() => browser?.close());

  /**
   * Listens with a native EventSource until it has given up, which it does only by itself: the page never closes it.
   * From then on it sends no request, as the standard has it: CLOSED is final.
   */
  async function listen(site: Site): Promise<Outcome> {
    await page.goto(site.url);
    return page.evaluate(
      () =>
        new Promise<Outcome>((resolve) => {
          const source = new EventSource("/events");
          const outcome: { events: Outcome["events"]; opened: number } = { events: [], opened: 0 };
          const collect = (event: Event): void => {
            if (!(event instanceof MessageEvent)) return;
            outcome.events.push([event.type, event.lastEventId, event.data]);
            void fetch(`/collected?id=${encodeURIComponent(event.lastEventId)}`);
          };
          for (const type of ["message", "progress", "done", "error"]) source.addEventListener(type, collect);
          source.addEventListener("open", () => {
            outcome.opened++;
          });
          source.addEventListener("error", () => {
            if (source.readyState === EventSource.CLOSED) resolve({ ...outcome, readyState: source.readyState });
          });
        }),
    );
  }

  it("stops after a normal end, with no code for it in the page", async () => {
    const site = await serve(
      async function* () {
        yield { percent: 50 };
        yield { percent: 100 };
      },
      { eventType: "progress", endEvent: sse({ url: "/result" }, { event: "done", id: "last" }) },
    );
    expect(await listen(site)).toEqual({
      events: [
        ["progress", "", '{"percent":50}'],
        ["progress", "", '{"percent":100}'],
        ["done", "last", '{"url":"/result"}'],
      ],
      opened: 1,
      readyState: 2,
    });
    expect(requestsOf(site)).toEqual([
      [undefined, 200],
      ["~end", 204],
    ]);
  });

  it("stops after the end of a stream that was empty", async () => {
    const site = await serve(async function* () {
      // Nothing to tell.
    });
    expect(await listen(site)).toEqual({ events: [], opened: 1, readyState: 2 });
    expect(requestsOf(site)).toEqual([
      [undefined, 200],
      ["~end", 204],
    ]);
  });

  it("stops after a final error", async () => {
    const site = await serve(async function* () {
      yield 1;
      throw new Error("boom");
    });
    expect(await listen(site)).toEqual({
      events: [
        ["message", "", "1"],
        ["error", "", '{"error":"boom","status":"error"}'],
      ],
      opened: 1,
      readyState: 2,
    });
    expect(requestsOf(site)).toEqual([
      [undefined, 200],
      ["~end", 204],
    ]);
  });

  it("comes back after an error that is retryable, with its last id", async () => {
    const site = await serve(async function* ({ lastEventId }) {
      yield sse(lastEventId ?? "none", { id: `${lastEventId ?? ""}+` });
      if (lastEventId === undefined) throw Object.assign(new Error("again"), { [errorData]: { retryable: true } });
    });
    expect(await listen(site)).toEqual({
      events: [
        ["message", "+", '"none"'],
        ["error", "+", '{"error":"again","status":"error","retryable":true}'],
        ["message", "++", '"+"'],
      ],
      opened: 2,
      readyState: 2,
    });
    expect(requestsOf(site)).toEqual([
      [undefined, 200],
      ["+", 200],
      ["~end", 204],
    ]);
  });

  it("resumes with its last id after a cut: no event is lost, none comes twice", async () => {
    const ids = ["1", "2", "é-3", "語-4", "🙂-5", "6"];
    const cuts = new Set(["2", "語-4", "🙂-5"]);
    const site = await serve(
      async function* ({ lastEventId, signal }, { response }, arrival) {
        const start = lastEventId === undefined ? 0 : ids.indexOf(lastEventId) + 1;
        for (const id of ids.slice(start)) {
          const arrived = arrival(id);
          yield sse({ id }, { id });
          if (!cuts.has(id)) continue;
          await arrived;
          // In the middle of an event, which no reader may deliver.
          response.write("id: half\nevent: progress\ndata: half", () => response.socket?.destroy());
          await once(signal, "abort");
        }
      },
      { eventType: "progress" },
    );
    expect(await listen(site)).toEqual({
      events: ids.map((id) => ["progress", id, JSON.stringify({ id })]),
      opened: 4,
      readyState: 2,
    });
    expect(requestsOf(site)).toEqual([
      [undefined, 200],
      ["2", 200],
      ["語-4", 200],
      ["🙂-5", 200],
      ["~end", 204],
    ]);
  });
});
