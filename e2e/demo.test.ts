import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";
import { freePort } from "./proxies/free-port.ts";
import { type RunningDemo, runDemo } from "./run-demo.ts";

const chromium = findChromium();

describe("the demo, as built", () => {
  it("ends at once on Ctrl-C, open streams included", async () => {
    const demo = await runDemo();
    const response = await fetch(`${demo.url}documents/silent/progress`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const body = response.text().catch((error: unknown) => error);
    const stoppedAt = performance.now();
    expect(await demo.stop()).toBe(0);
    // Left alone, the stream would have gone on for twenty seconds.
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    await body;
  });

  it("says what to do when its port is taken", async () => {
    const demo = await runDemo();
    const { port } = new URL(demo.url);
    const second = spawn(process.execPath, [demo.process.spawnargs[1] ?? ""], {
      env: { ...process.env, PORT: port, REDIS_URL: "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    second.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const [code] = await once(second, "close");
    expect(code).toBe(1);
    expect(output).toBe(`ssewire demo: Port ${port} is taken. Set PORT to a free one, or to 0 for any.\n`);
    await demo.stop();
  });
});

describe.skipIf(chromium.path === undefined)(`the demo's page in Chromium (${chromium.note})`, () => {
  let demo: RunningDemo;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    demo = await runDemo();
    browser = await launchChromium(chromium);
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(demo.url);
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const card = (id: string, state: string): string => `[data-document="${id}"][data-state="${state}"]`;
  const watch = (id: string): Promise<void> => page.click(`[data-document="${id}"] button[data-action="watch"]`);
  const text = (id: string, field: string): Promise<string | null> =>
    page.textContent(`[data-document="${id}"] [data-field="${field}"]`);
  const eventsOf = (id: string): Promise<number> => page.locator(`#log [data-document="${id}"]`).count();

  it("drives a document to 100 %", async () => {
    await watch("invoice");
    await page.waitForSelector(card("invoice", "open"));
    await page.waitForSelector(card("invoice", "ended"));
    expect(await text("invoice", "percent")).toBe("100%");
    expect(await page.locator('[data-document="invoice"] progress').getAttribute("value")).toBe("100");
    expect(await text("invoice", "status")).toBe("Completed");
    // QUEUED, twenty steps of PROCESSING, COMPLETED, and the connection.
    expect(await eventsOf("invoice")).toBe(23);
  });

  it("shows a failure as failed, with the reason that is for people, and does not try again", async () => {
    await watch("broken");
    await page.waitForSelector(card("broken", "failed"));
    expect(await text("broken", "status")).toBe("FAILED_PRECONDITION");
    expect(await text("broken", "message")).toBe("Page 7 is protected by a password.");
    const calls = (): number => demo.lines.filter((line) => / broken .*gRPC call started/.test(line)).length;
    expect(calls()).toBe(1);
    // Longer than the second after which Chromium would be back.
    await watch("report");
    await page.waitForSelector(card("report", "ended"));
    expect(calls()).toBe(1);
    expect(await page.locator(card("broken", "failed")).count()).toBe(1);
  });

  it("shows a document that does not exist as failed", async () => {
    await watch("missing");
    await page.waitForSelector(card("missing", "failed"));
    expect(await text("missing", "status")).toBe("NOT_FOUND");
    expect(await text("missing", "message")).toBe("There is no such document.");
  });

  it("keeps a silent document open, and stops it when it is told to", async () => {
    await watch("silent");
    await page.waitForSelector(card("silent", "open"));
    await page.click('[data-document="silent"] button[data-action="stop"]');
    await page.waitForSelector(card("silent", "stopped"));
    // Not before nobody else has come for a while.
    const isCancelled = (): boolean => demo.lines.some((line) => / silent .*gRPC call cancelled/.test(line));
    await expect.poll(isCancelled, { timeout: 30_000 }).toBe(true);
  });

  it("says how many watch a document, in two pages, over one gRPC call", async () => {
    const other = await browser.newPage();
    await other.goto(demo.url);
    await watch("silent");
    await other.click('[data-document="silent"] button[data-action="watch"]');
    for (const each of [page, other]) {
      await each.getByText("2 watchers · 1 gRPC call").waitFor();
      await each.click('[data-document="silent"] button[data-action="stop"]');
    }
    await other.close();
  });

  it("offers no other server, as there is none", async () => {
    await page.reload();
    await page.waitForLoadState("networkidle");
    expect(await page.locator("#servers").isVisible()).toBe(false);
  });

  it("goes by the system's colours", async () => {
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
  });

  it("fits a phone", async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });

  it("raised no error in the page", () => {
    expect(problems).toEqual([]);
  });
});

describe.skipIf(chromium.path === undefined)(`a BFF that is restarted (${chromium.note})`, () => {
  it("is come back to, and the page copes with a log that was lost with it", async () => {
    const port = String(await freePort());
    const first = await runDemo({ PORT: port });
    const browser = await launchChromium(chromium);
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(first.url);
    await page.click('[data-document="report"] button[data-action="watch"]');
    await page.locator('#log [data-document="report"]').nth(5).waitFor();
    await first.stop("SIGKILL");
    await page.waitForSelector('[data-document="report"][data-state="reconnecting"]');
    const second = await runDemo({ PORT: port });
    onTestFinished(() => void second.stop());
    await page.getByText("Some events were missed").waitFor();
    await page.waitForSelector('[data-document="report"][data-state="ended"]');
    expect(await page.textContent('[data-document="report"] [data-field="percent"]')).toBe("100%");
  });
});
