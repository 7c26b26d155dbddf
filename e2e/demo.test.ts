import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";
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
      env: { ...process.env, PORT: port },
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
  const start = (id: string): Promise<void> => page.click(`[data-document="${id}"] button[data-action="start"]`);
  const text = (id: string, field: string): Promise<string | null> =>
    page.textContent(`[data-document="${id}"] [data-field="${field}"]`);
  const eventsOf = (id: string): Promise<number> => page.locator(`#log [data-document="${id}"]`).count();

  it("drives a document to 100 %", async () => {
    await start("invoice");
    await page.waitForSelector(card("invoice", "open"));
    await page.waitForSelector(card("invoice", "ended"));
    expect(await text("invoice", "percent")).toBe("100%");
    expect(await page.locator('[data-document="invoice"] progress').getAttribute("value")).toBe("100");
    expect(await text("invoice", "status")).toBe("Completed");
    // QUEUED, twenty steps of PROCESSING, COMPLETED, and the connection.
    expect(await eventsOf("invoice")).toBe(23);
  });

  it("shows a failure as failed, with the reason that is for people, and does not try again", async () => {
    await start("broken");
    await page.waitForSelector(card("broken", "failed"));
    expect(await text("broken", "status")).toBe("FAILED_PRECONDITION");
    expect(await text("broken", "message")).toBe("Page 7 is protected by a password.");
    const calls = (): number => demo.lines.filter((line) => / broken .*gRPC call/.test(line)).length;
    expect(calls()).toBe(1);
    // Longer than the three seconds after which Chromium would be back.
    await start("report");
    await page.waitForSelector(card("report", "ended"));
    expect(calls()).toBe(1);
    expect(await page.locator(card("broken", "failed")).count()).toBe(1);
  });

  it("shows a document that does not exist as failed", async () => {
    await start("missing");
    await page.waitForSelector(card("missing", "failed"));
    expect(await text("missing", "status")).toBe("NOT_FOUND");
    expect(await text("missing", "message")).toBe("There is no such document.");
  });

  it("keeps a silent document open, and stops it when it is told to", async () => {
    await start("silent");
    await page.waitForSelector(card("silent", "open"));
    await page.click('[data-document="silent"] button[data-action="stop"]');
    await page.waitForSelector(card("silent", "stopped"));
    await expect.poll(() => demo.lines.some((line) => / silent .*gRPC call cancelled/.test(line))).toBe(true);
  });

  it("raised no error in the page", () => {
    expect(problems).toEqual([]);
  });
});
