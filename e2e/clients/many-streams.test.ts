import { describe, expect, it, onTestFinished } from "vitest";
import { findChromium, findOpenssl } from "../find-component.ts";
import { launchChromium } from "../launch-chromium.ts";
import { type ClientSite, serveClientSite } from "./client-site.ts";

const chromium = findChromium();

/** What the page keeps its streams in. */
declare const streams: EventSource[];

/** A page with this many event streams at once. */
async function openPage(
  secure: boolean,
  count: number,
): Promise<{ site: ClientSite; openCount: () => Promise<number>; closeOne: () => Promise<void> }> {
  const site = await serveClientSite(secure);
  const browser = await launchChromium(chromium);
  onTestFinished(async () => {
    await browser.close();
    site.stop();
  });
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(site.url);
  await page.evaluate((length) => {
    Object.assign(globalThis, {
      streams: Array.from({ length }, (_, index) => new EventSource(`/held?stream=${index}`)),
    });
  }, count);
  return {
    site,
    openCount: () => page.evaluate(() => streams.filter(({ readyState }) => readyState === 1).length),
    closeOne: () => page.evaluate(() => streams.find(({ readyState }) => readyState === 1)?.close()),
  };
}

const isMissing = chromium.path === undefined || findOpenssl().path === undefined;

describe.skipIf(isMissing)(`many streams of one browser (${chromium.note})`, () => {
  it("are open at once over HTTP/2", async () => {
    const { openCount } = await openPage(true, 20);
    await expect.poll(openCount, { timeout: 20_000 }).toBe(20);
  });

  it("are six over HTTP/1.1; the seventh opens when one of them closes", async () => {
    const { site, openCount, closeOne } = await openPage(false, 7);
    await expect.poll(openCount, { timeout: 20_000 }).toBe(6);
    const requests = () => Array.from({ length: 7 }, (_, index) => site.seen(`/held?stream=${index}`)).flat();
    expect(requests().length).toBe(6);
    await closeOne();
    await expect.poll(() => requests().length, { timeout: 20_000 }).toBe(7);
  });
});
