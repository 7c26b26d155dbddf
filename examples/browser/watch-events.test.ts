import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { errorData, sse } from "@ssewire/core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../e2e/find-component.ts";
import { launchChromium } from "../../e2e/launch-chromium.ts";
import { bundlePage } from "./test/bundle-page.ts";
import { PageLog } from "./test/page-log.ts";
import { type Site, type SiteOptions, serveSite } from "./test/serve-site.ts";
import type {} from "./test/watch-page.ts";

const chromium = findChromium();
const CLOSED = 2;
const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), "utf8");

describe("watch-events.ts", () => {
  it("is what the guide shows, in 40 lines", async () => {
    const code = await read("watch-events.ts");
    expect(await read("../../docs/guides/clients.md")).toContain(`\n\`\`\`ts\n// watch-events.ts\n${code}\`\`\`\n`);
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });
});

describe.skipIf(chromium.path === undefined)(`watchEvents in Chromium (${chromium.note})`, () => {
  let files: SiteOptions["files"];
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let log: PageLog;

  beforeAll(async () => {
    [files, browser] = await Promise.all([bundlePage("watch-page.ts"), launchChromium(chromium)]);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    log = await PageLog.of(page);
  });

  afterEach(() => context.close());

  /** Serves event streams as told, and has the page watch one. */
  async function watch(site: Omit<SiteOptions, "files">, endEvent?: "done"): Promise<Site> {
    const served = await serveSite({ ...site, files });
    await page.goto(served.url);
    await page.evaluate((endEvent) => watchPage.watch("/events", endEvent), endEvent);
    return served;
  }

  const readyStates = (): Promise<number[]> => page.evaluate(() => watchPage.readyStates());

  /** All that the page has told until it told `last`, and, as there must be nothing, after it. */
  async function entriesUntil(last: string): Promise<string[]> {
    await log.until(last);
    await readyStates();
    return log.entries;
  }

  it("passes parsed data on, and ends for good when the server says so", async () => {
    const site = await watch({
      answer: async function* () {
        yield sse({ step: 1 }, { id: "a" });
        yield { step: 2 };
        yield sse("nobody listens", { event: "other" });
      },
      options: { stopReconnect: true },
    });
    expect(await entriesUntil("ended")).toEqual(["open", "step 1, id a", "step 2, id a", "ended"]);
    expect(await readyStates()).toEqual([CLOSED]);
    // Not even the one that would be answered with 204.
    expect(site.requests).toEqual(["/events"]);
  });

  it("ends for good at the end event, its data included", async () => {
    const site = await watch(
      {
        answer: async function* () {
          yield { step: 1 };
        },
        options: { endEvent: sse({ url: "/result" }, { event: "done" }) },
      },
      "done",
    );
    expect(await entriesUntil("ended")).toEqual(["open", "step 1, id ", "done /result", "ended"]);
    expect(await readyStates()).toEqual([CLOSED]);
    expect(site.requests).toEqual(["/events"]);
  });

  it("ends for good when the server says so, though an end event was expected", async () => {
    const site = await watch(
      {
        answer: async function* () {
          yield { step: 1 };
        },
        options: { stopReconnect: true },
      },
      "done",
    );
    expect(await entriesUntil("ended")).toEqual(["open", "step 1, id ", "ended"]);
    expect(await readyStates()).toEqual([CLOSED]);
    expect(site.requests).toEqual(["/events"]);
  });

  it("fails with what the server says of a source that has failed, and does not come back", async () => {
    const site = await watch({
      answer: async function* () {
        yield { step: 1 };
        throw Object.assign(new Error("No such document"), { [errorData]: { code: "NOT_FOUND", retryable: false } });
      },
    });
    const cause = '{"error":"No such document","status":"error","code":"NOT_FOUND","retryable":false}';
    const failure = `failed: No such document ${cause}`;
    expect(await entriesUntil(failure)).toEqual(["open", "step 1, id ", failure]);
    expect(await readyStates()).toEqual([CLOSED]);
    expect(site.requests).toEqual(["/events"]);
  });

  it("goes on where it was after a failure that is retryable", async () => {
    const site = await watch({
      answer: async function* ({ lastEventId }) {
        if (lastEventId === undefined) {
          yield sse({ step: 1 }, { id: "1" });
          throw Object.assign(new Error("Away"), { [errorData]: { retryable: true } });
        }
        yield sse({ step: 2 }, { id: "2" });
      },
      options: { stopReconnect: true },
    });
    const reconnecting = 'reconnecting: Away {"error":"Away","status":"error","retryable":true}';
    expect(await entriesUntil("ended")).toEqual([
      "open",
      "step 1, id 1",
      reconnecting,
      "open",
      "step 2, id 2",
      "ended",
    ]);
    expect(site.connections.map(({ lastEventId }) => lastEventId)).toEqual([undefined, "1"]);
    expect(site.requests.length).toBe(2);
  });

  it("goes on where it was after a connection that broke within an event", async () => {
    const site = await watch({
      answer: async function* ({ lastEventId, response }, { signal }) {
        for (let step = Number(lastEventId ?? 0) + 1; step <= 4; step++) {
          const arrived = log.until(`step ${step}, id ${step}`);
          yield sse({ step }, { id: String(step) });
          await arrived;
          if (step === 2 || step === 3) {
            response.write('id: half\nevent: progress\ndata: {"step":', () => response.socket?.destroy());
            await once(signal, "abort");
          }
        }
      },
      options: { stopReconnect: true },
    });
    const broken = ["reconnecting: No event stream from /events undefined", "open"];
    expect(await entriesUntil("ended")).toEqual([
      ...["open", "step 1, id 1", "step 2, id 2"],
      ...[...broken, "step 3, id 3"],
      ...[...broken, "step 4, id 4"],
      "ended",
    ]);
    expect(site.connections.map(({ lastEventId }) => lastEventId)).toEqual([undefined, "2", "3"]);
  });

  it("tries until there is a server", async () => {
    const reconnecting = "reconnecting: No event stream from /events undefined";
    await watch({
      answer: async function* () {
        yield { step: 1 };
      },
      options: { stopReconnect: true },
      refuse: (req) => {
        const refused = !log.entries.includes(reconnecting);
        if (refused) req.socket.destroy();
        return refused;
      },
    });
    expect(await entriesUntil("ended")).toEqual([reconnecting, "open", "step 1, id ", "ended"]);
  });

  it.each([404, 204, 502])("fails when the answer is %i", async (status) => {
    const site = await watch({
      answer: async function* () {
        // No source is asked.
      },
      refuse: (_req, res) => {
        res.writeHead(status).end();
        return true;
      },
    });
    const failure = "failed: No event stream from /events undefined";
    expect(await entriesUntil(failure)).toEqual([failure]);
    expect(await readyStates()).toEqual([CLOSED]);
    expect(site.requests).toEqual(["/events"]);
  });

  it.each(["progress", "done", "error"])("fails when the data of an event of type %s is not JSON", async (type) => {
    const site = await watch(
      {
        answer: async function* () {
          yield sse('{"step":1}');
          yield sse("{", { event: type });
          yield sse('{"step":2}');
        },
        options: { serialize: String, stopReconnect: true },
      },
      "done",
    );
    const failure = `failed: The data of an event of type ${type} is not JSON {}`;
    expect(await entriesUntil(failure)).toEqual(["open", "step 1, id ", failure]);
    expect(await readyStates()).toEqual([CLOSED]);
    expect(site.requests).toEqual(["/events"]);
  });

  it("leaves what a listener throws to the browser, and goes on", async () => {
    await watch({
      answer: async function* () {
        yield { step: 99 };
        yield { step: 100 };
      },
      options: { stopReconnect: true },
    });
    await log.until("ended");
    const entries = ["open", "step 99, id ", "step 100, id ", "ended", "uncaught a listener's own"];
    await log.until("uncaught a listener's own");
    expect(log.entries.toSorted()).toEqual(entries.toSorted());
  });

  it("passes nothing on once it is closed, not even from the same chunk, and the server sees the disconnect", async () => {
    const site = await watch(
      {
        answer: async function* (_connection, { signal }) {
          for (const step of [12, 13, 14]) yield { step };
          await once(signal, "abort");
        },
      },
      "done",
    );
    await log.until("step 13, id ");
    expect(await site.connections[0]?.closed).toMatchObject({ reason: "cancelled", events: 3 });
    expect(log.entries).toEqual(["open", "step 12, id ", "step 13, id "]);
    expect(await readyStates()).toEqual([CLOSED]);
  });

  it("gives every tab all events, and goes on in one when another is closed", async () => {
    let goOn: (() => void) | undefined;
    const otherIsClosed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const site = await watch({
      answer: async function* () {
        yield { step: 1 };
        await otherIsClosed;
        yield { step: 2 };
      },
      options: { stopReconnect: true },
    });
    const otherPage = await context.newPage();
    const otherLog = await PageLog.of(otherPage);
    await otherPage.goto(site.url);
    await otherPage.evaluate(() => watchPage.watch("/other"));
    await Promise.all([log.until("step 1, id "), otherLog.until("step 1, id ")]);
    expect(site.manager.size).toBe(2);
    await otherPage.close();
    const other = site.connections.find(({ path }) => path === "/other");
    expect(await other?.closed).toMatchObject({ reason: "cancelled", events: 1 });
    goOn?.();
    expect(await entriesUntil("ended")).toEqual(["open", "step 1, id ", "step 2, id ", "ended"]);
    expect(otherLog.entries).toEqual(["open", "step 1, id "]);
  });
});
