import { once } from "node:events";
import { sse } from "@ssewire/core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../e2e/find-component.ts";
import { launchChromium } from "../../e2e/launch-chromium.ts";
import { bundlePage } from "./test/bundle-page.ts";
import type {} from "./test/hook-page.tsx";
import { PageLog } from "./test/page-log.ts";
import { type Answer, type Site, type SiteOptions, serveSite } from "./test/serve-site.ts";

const chromium = findChromium();
const OPEN = 1;
const CLOSED = 2;

/** Ends only with its connection. */
const oneStep: Answer = async function* (_connection, { signal }) {
  yield { step: 1 };
  await once(signal, "abort");
};

describe.skipIf(chromium.path === undefined)(`useEventStream in Chromium, in StrictMode (${chromium.note})`, () => {
  let files: SiteOptions["files"];
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let log: PageLog;

  beforeAll(async () => {
    [files, browser] = await Promise.all([bundlePage("hook-page.tsx"), launchChromium(chromium)]);
  });

  afterAll(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    log = await PageLog.of(page);
  });

  afterEach(() => context.close());

  async function serve(answer: Answer): Promise<Site> {
    const site = await serveSite({ files, answer, options: { stopReconnect: true } });
    await page.goto(site.url);
    return site;
  }

  const render = (...watch: Parameters<typeof hookPage.render>): Promise<void> =>
    page.evaluate((watch) => hookPage.render(...watch), watch);
  const readyStates = (): Promise<number[]> => page.evaluate(() => hookPage.readyStates());
  const steps = (): string[] => log.entries.filter((entry) => entry.startsWith("step"));

  it("leaves one EventSource open of the two that a double mount makes, and tells every event once", async () => {
    const site = await serve(oneStep);
    await render({ url: "/a", rendering: "1" });
    await log.until("step 1 of /a, rendering 1");
    expect(await readyStates()).toEqual([CLOSED, OPEN]);
    await expect.poll(() => site.manager.size).toBe(1);
    expect(steps()).toEqual(["step 1 of /a, rendering 1"]);
    await page.waitForSelector("text=/a, rendering 1: 1 steps, open");
  });

  it("keeps its connection when it is rendered again, and calls the latest listeners", async () => {
    let goOn: (() => void) | undefined;
    const isRenderedAgain = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await serve(async function* () {
      yield { step: 1 };
      await isRenderedAgain;
      yield { step: 2 };
    });
    await render({ url: "/a", rendering: "1" });
    await log.until("step 1 of /a, rendering 1");
    await render({ url: "/a", rendering: "2" });
    await page.waitForSelector("text=/a, rendering 2: 1 steps, open");
    goOn?.();
    await page.waitForSelector("text=/a, rendering 2: 2 steps, ended");
    expect(steps()).toEqual(["step 1 of /a, rendering 1", "step 2 of /a, rendering 2"]);
    expect(await readyStates()).toEqual([CLOSED, CLOSED]);
  });

  it("shows why a stream has failed", async () => {
    await serve(async function* () {
      yield { step: 1 };
      throw new Error("Protected by a password");
    });
    await render({ url: "/a", rendering: "1" });
    await page.waitForSelector("text=/a, rendering 1: 1 steps, failed Protected by a password");
    expect(await readyStates()).toEqual([CLOSED, CLOSED]);
  });

  it("closes the stream of the URL before, whose state is not taken for that of the next", async () => {
    const site = await serve(async function* ({ path }, { signal }) {
      yield { step: 1 };
      if (path === "/b") await once(signal, "abort");
    });
    const first = (url: string): string | undefined => log.entries.find((entry) => entry.startsWith(url));
    await render({ url: "/a", rendering: "1" });
    await page.waitForSelector("text=/a, rendering 1: 1 steps, ended");
    await render({ url: "/b", rendering: "2" });
    await page.waitForSelector("text=/b, rendering 2: 2 steps, open");
    expect(first("/b")).toBe("/b connecting");
    expect(await readyStates()).toEqual([CLOSED, CLOSED, OPEN]);

    // Back again: what became of the first stream says nothing of the third.
    log.entries.length = 0;
    await render({ url: "/a", rendering: "3" });
    await page.waitForSelector("text=/a, rendering 3: 3 steps, ended");
    expect(first("/a")).toBe("/a connecting");
    expect(await site.connections.find(({ path }) => path === "/b")?.closed).toMatchObject({ reason: "cancelled" });
    expect(steps()).toEqual(["step 1 of /a, rendering 3"]);
  });

  it("closes its stream when it is unmounted: the server sees the disconnect", async () => {
    const site = await serve(oneStep);
    await render({ url: "/a", rendering: "1" });
    await log.until("step 1 of /a, rendering 1");
    await render();
    await expect.poll(() => site.manager.size).toBe(0);
    expect(await site.connections.at(-1)?.closed).toMatchObject({ reason: "cancelled" });
    expect(await readyStates()).toEqual([CLOSED, CLOSED]);
  });

  it("opens another stream when there is a new type of event to listen to", async () => {
    await serve(async function* () {
      yield sse({ url: "/result" }, { event: "done" });
      yield { step: 1 };
    });
    await render({ url: "/a", rendering: "1" });
    await page.waitForSelector("text=/a, rendering 1: 1 steps, ended");
    log.entries.length = 0;
    await render({ url: "/a", rendering: "2", listensToDone: true });
    await page.waitForSelector("text=/a, rendering 2: 2 steps, ended");
    expect(log.entries).toEqual(expect.arrayContaining(["/a connecting", "done /result", "step 1 of /a, rendering 2"]));
  });
});
