import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sse } from "@ssewire/core";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium } from "../../e2e/find-component.ts";
import { launchChromium } from "../../e2e/launch-chromium.ts";
import { PageLog } from "./test/page-log.ts";
import { type Answer, type Site, type SiteOptions, serveSite } from "./test/serve-site.ts";

const chromium = findChromium();

/** The page as Vite builds it for production, in memory. */
async function buildPage(): Promise<SiteOptions["files"]> {
  const root = fileURLToPath(new URL(".", import.meta.url));
  // Vitest sets it to "test", with which React is built for development and mounts everything twice.
  vi.stubEnv("NODE_ENV", "production");
  const built = await build({ root, logLevel: "silent", build: { write: false } });
  vi.unstubAllEnvs();
  if (!("output" in built)) throw new TypeError("Vite was expected to build one page, once");
  const files = new Map<string, [type: string, text: string]>();
  for (const file of built.output) {
    const path = file.fileName === "index.html" ? "/" : `/${file.fileName}`;
    if (file.type === "chunk") files.set(path, ["text/javascript", file.code]);
    else files.set(path, ["text/html", String(file.source)]);
  }
  return files;
}

const answer: Answer = async function* ({ path }, { signal }) {
  yield { percent: 50, message: "Reading pages" };
  if (path.includes("broken")) throw new Error("Page 7 is protected by a password.");
  if (path.includes("silent")) await once(signal, "abort");
  yield sse({ percent: 100, message: "Done" }, { event: "progress" });
};

describe.skipIf(chromium.path === undefined)(`the React page in Chromium (${chromium.note})`, () => {
  let files: SiteOptions["files"];
  let browser: Browser;

  beforeAll(async () => {
    [files, browser] = await Promise.all([buildPage(), launchChromium(chromium)]);
  });

  afterAll(() => browser?.close());

  async function open(): Promise<{ site: Site; page: Page; log: PageLog }> {
    const site = await serveSite({ files, answer, options: { stopReconnect: true } });
    const page = await browser.newPage();
    const log = await PageLog.of(page);
    await page.goto(site.url);
    return { site, page, log };
  }

  it("shows progress, failures and ends, one document at a time", async () => {
    const { site, page, log } = await open();
    const value = (): Promise<string | null> => page.locator("progress").getAttribute("value");

    await page.click("text=report");
    await page.waitForSelector('[data-state="ended"] >> text=100 %, ended');
    expect(await value()).toBe("100");

    await page.click("text=silent");
    await page.waitForSelector('[data-state="open"] >> text=Reading pages');
    expect(await value()).toBe("50");
    expect(await page.getByRole("alert").count()).toBe(0);

    await page.click("text=broken");
    await page.waitForSelector('[data-state="failed"] >> text=Page 7 is protected by a password.');
    expect(await page.getByRole("alert").textContent()).toBe("Page 7 is protected by a password.");
    const [, silent] = site.connections;
    expect(await silent?.closed).toMatchObject({ reason: "cancelled" });
    expect(site.requests).toEqual(["report", "silent", "broken"].map((id) => `/documents/${id}/progress`));
    expect(log.entries).toEqual([]);
  });

  it("closes the stream when it is told to stop", async () => {
    const { site, page, log } = await open();
    await page.click("text=silent");
    await page.waitForSelector('[data-state="open"] >> text=Reading pages');
    await page.click("text=Stop");
    expect(await site.connections[0]?.closed).toMatchObject({ reason: "cancelled" });
    expect(await page.locator("section").count()).toBe(0);
    expect(log.entries).toEqual([]);
  });
});
