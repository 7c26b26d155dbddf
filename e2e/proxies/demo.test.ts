import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { findChromium, findOpenssl } from "../find-component.ts";
import { launchChromium } from "../launch-chromium.ts";
import { type RunningDemo, runDemo } from "../run-demo.ts";
import type { ConfigChange } from "./guide-config.ts";
import { nginx } from "./proxy-setup.ts";
import { serveBehind } from "./serve-behind.ts";

const chromium = findChromium();

/** Its default towards the app, with which it buffers all of a response unless it is told not to. */
const withDefaults: ConfigChange[] = [["proxy_http_version 1.1;", ""]];

/** The built demo behind nginx, and its page in Chromium. */
async function openDemo(secure: boolean): Promise<{ demo: RunningDemo; page: Page }> {
  const demo = await runDemo();
  onTestFinished(() => void demo.stop());
  const proxy = await serveBehind(nginx, Number(new URL(demo.url).port), { secure, changes: withDefaults });
  onTestFinished(proxy.stop);
  const browser = await launchChromium(chromium);
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(`${proxy.url}/`);
  return { demo, page };
}

const components = [chromium, nginx.component, findOpenssl()];
const isMissing = components.some(({ path }) => path === undefined);

describe.skipIf(isMissing)(`the demo behind nginx (${components.map(({ note }) => note).join(", ")})`, () => {
  it.each([
    ["http/1.1", false],
    ["h2", true],
  ])("drives a document to its end, and cancels the call of one that is stopped, over %s", async (protocol, secure) => {
    const { demo, page } = await openDemo(secure);
    const protocols = await page.evaluate(() =>
      performance.getEntriesByType("navigation").map((entry) => entry.toJSON().nextHopProtocol),
    );
    expect(protocols).toEqual([protocol]);

    const watch = (id: string): Promise<void> => page.click(`[data-document="${id}"] button[data-action="watch"]`);
    await watch("invoice");
    // It comes bit by bit: a proxy that buffers shows none of this.
    await page.waitForSelector(
      '[data-document="invoice"][data-state="open"] progress[value]:not([value="0"], [value="100"])',
    );
    await page.waitForSelector('[data-document="invoice"][data-state="ended"]');
    expect(await page.textContent('[data-document="invoice"] [data-field="percent"]')).toBe("100%");

    await watch("silent");
    await page.waitForSelector('[data-document="silent"][data-state="open"]');
    const cancelled = (): boolean => demo.lines.some((line) => / silent .*gRPC call cancelled/.test(line));
    expect(cancelled()).toBe(false);
    await page.click('[data-document="silent"] button[data-action="stop"]');
    await expect.poll(cancelled, { timeout: 10_000 }).toBe(true);
  });
});
