import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisNote, redisPath } from "../packages/adapter-redis/test/find-redis.ts";
import { startRedis } from "../packages/adapter-redis/test/redis-server.ts";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";
import { freePort } from "./proxies/free-port.ts";
import { main, type RunningDemo, runDemo } from "./run-demo.ts";

const chromium = findChromium();

/** What `report` goes through, each once. */
const STEPS = ["QUEUED 0", ...Array.from({ length: 50 }, (_, index) => `PROCESSING ${index * 2}`), "COMPLETED 100"];

const stepOf = (data: string): string => {
  const { status, percent } = JSON.parse(data);
  return `${status} ${percent}`;
};

interface RedisDemo extends RunningDemo {
  /** Origins of both BFFs. */
  readonly servers: readonly [string, string];
  /** The process of a BFF, the last one that was started for it. */
  processOf(server: string): number;
  /** What happened to the gRPC calls for a document. */
  callsFor(documentId: string): string[];
}

/** The built demo with two BFFs and a Redis of its own. */
async function runRedisDemo(): Promise<RedisDemo> {
  const port = String(await freePort());
  await startRedis("--port", port);
  const demo = await runDemo({ REDIS_URL: `redis://127.0.0.1:${port}` });
  onTestFinished(async () => void (await demo.stop()));
  const { servers } = await (await fetch(`${demo.url}status`)).json();
  expect(servers).toEqual([new URL(demo.url).origin, expect.stringMatching(/^http:\/\/localhost:\d+$/)]);
  return {
    ...demo,
    servers,
    processOf(server) {
      const started = `BFF ${new URL(server).port} has started; to end it: kill -9 `;
      const line = demo.lines.findLast((line) => line.startsWith(started));
      return Number(line?.replace(started, ""));
    },
    callsFor: (documentId) =>
      demo.lines.flatMap((line) => new RegExp(` ${documentId} +gRPC call (\\w+)$`).exec(line)?.[1] ?? []),
  };
}

const card = (id: string, state: string): string => `[data-document="${id}"][data-state="${state}"]`;
const watch = (page: Page, id: string): Promise<void> =>
  page.click(`[data-document="${id}"] button[data-action="watch"]`);
const seen = (page: Page, count: number): Promise<void> =>
  page
    .locator('#log [data-document="report"][data-kind="event"]')
    .nth(count - 1)
    .waitFor();

/** All events of `report` that the page got, oldest first. */
async function stepsOf(page: Page): Promise<string[]> {
  const data = page.locator('#log [data-document="report"][data-kind="event"] > :last-child');
  return (await data.allTextContents()).reverse().map(stepOf);
}

const isMissing = redisPath === undefined || chromium.path === undefined;

describe.skipIf(isMissing)(`the demo's page with two BFFs (${chromium.note}, ${redisNote})`, () => {
  async function openPage(demo: RedisDemo): Promise<Page> {
    const browser = await launchChromium(chromium);
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(demo.url);
    await page.locator("#servers").waitFor();
    return page;
  }

  it("moves between them in mid-stream, and has each event once, in order", async () => {
    const demo = await runRedisDemo();
    const page = await openPage(demo);
    const [first, second] = demo.servers.map((server) => page.getByLabel(new URL(server).host));
    await expect.poll(() => first?.isChecked()).toBe(true);
    await watch(page, "report");
    await page.getByText("1 watcher · 1 gRPC call").waitFor();
    await seen(page, 5);
    await second?.check();
    await seen(page, 15);
    // By the keyboard.
    await second?.press("ArrowLeft");
    expect(await first?.isChecked()).toBe(true);
    await page.waitForSelector(card("report", "ended"));
    expect(await stepsOf(page)).toEqual(STEPS);
    for (const server of demo.servers) {
      expect(await page.getByText(`Connected to ${new URL(server).host}`).count()).toBeGreaterThan(0);
    }
  });

  it("goes on with the other one when one is killed, which is back a little later", async () => {
    const demo = await runRedisDemo();
    const page = await openPage(demo);
    const [server, other] = demo.servers;
    const killed = demo.processOf(server);
    await watch(page, "report");
    await seen(page, 5);
    process.kill(killed, "SIGKILL");
    await page.getByText(`Streaming from ${new URL(other).host}`).waitFor();
    expect(await page.getByLabel(new URL(other).host).isChecked()).toBe(true);
    await page.waitForSelector(card("report", "ended"));
    expect(await stepsOf(page)).toEqual(STEPS);
    // The call of the one that was killed, and that of the other.
    expect(demo.callsFor("report")).toEqual(["started", "cancelled", "started", "completed"]);

    await expect.poll(() => demo.processOf(server), { timeout: 30_000 }).not.toBe(killed);
    await page.getByLabel(new URL(server).host).check();
    await watch(page, "invoice");
    await page.waitForSelector(card("invoice", "ended"));
  });

  it("shows a failure at either, however often it is watched", async () => {
    const demo = await runRedisDemo();
    const page = await openPage(demo);
    for (const server of [...demo.servers, ...demo.servers]) {
      await page.getByLabel(new URL(server).host).check();
      await watch(page, "missing");
      await page.waitForSelector(card("missing", "failed"));
      expect(await page.textContent('[data-document="missing"] [data-field="status"]')).toBe("NOT_FOUND");
    }
  });
});

describe.skipIf(redisPath === undefined)(`the demo with two BFFs (${redisNote})`, () => {
  it("makes one gRPC call for ten watchers, five at each", async () => {
    const demo = await runRedisDemo();
    const watchers = demo.servers.flatMap((server) => Array.from({ length: 5 }, () => server));
    const all = await Promise.all(
      watchers.map(async (server) => {
        const { body } = await fetch(`${server}/documents/report/progress`);
        const steps: string[] = [];
        for await (const { event, data } of body
          ?.pipeThrough(new TextDecoderStream())
          .pipeThrough(new EventSourceParserStream()) ?? []) {
          steps.push(event === "progress" ? stepOf(data) : `${event}`);
        }
        return steps;
      }),
    );
    for (const steps of all) expect(steps).toEqual([...STEPS, "~end"]);
    expect(demo.callsFor("report")).toEqual(["started", "completed"]);
  });

  it("answers pages of the other BFF, and of no other", async () => {
    const demo = await runRedisDemo();
    const [server, other] = demo.servers;
    for (const [origin, allowed] of [
      [other, other],
      ["http://localhost:1", null],
    ]) {
      const headers = { Origin: `${origin}` };
      const response = await fetch(`${server}/documents/silent/progress`, { headers });
      expect(response.headers.get("access-control-allow-origin")).toBe(allowed);
      await response.body?.cancel();
    }
  });

  it.each(["SIGINT", "SIGKILL"] as const)("ends both BFFs with itself on %s, open streams included", async (signal) => {
    const demo = await runRedisDemo();
    const pids = demo.servers.map(demo.processOf);
    const bodies = demo.servers.map(async (server) => {
      const response = await fetch(`${server}/documents/silent/progress`);
      return { text: response.text().catch((error: unknown) => error) };
    });
    const streams = await Promise.all(bodies);
    expect(await demo.stop(signal)).toBe(signal === "SIGINT" ? 0 : null);
    for (const { text } of streams) await text;
    const isRunning = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(() => pids.filter(isRunning), { timeout: 30_000 }).toEqual([]);
  });
});

describe("the demo with a REDIS_URL that does not do", () => {
  async function fail(env: { PORT?: string; REDIS_URL: string }): Promise<string> {
    const child = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: "0", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    return output;
  }

  it.each([
    ["redis", "Invalid URL"],
    ["http://localhost", "Protocol - http: - is not a valid Redis protocol"],
    // Nobody listens on port 1.
    ["redis://:secret@127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
  ])("says so and ends: %s", async (url, reason) => {
    const output = await fail({ REDIS_URL: url });
    expect(output).toMatch(/^ssewire demo: REDIS_URL leads to no Redis \(.*\)\. Start one, or unset REDIS_URL .*\.\n$/);
    expect(output).toContain(reason);
    expect(output).not.toContain("secret");
  });

  it("does not wait for a server that says nothing", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    expect(await fail({ REDIS_URL: `redis://127.0.0.1:${port}` })).toContain("REDIS_URL leads to no Redis");
  });

  it.skipIf(redisPath === undefined)("says what to do when the port of the second BFF is taken", async () => {
    const redisPort = String(await freePort());
    await startRedis("--port", redisPort);
    // The one before it is from where nobody gets a port by chance either.
    const taken = await freePort();
    const server = createServer().listen(taken);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const output = await fail({ REDIS_URL: `redis://127.0.0.1:${redisPort}`, PORT: String(taken - 1) });
    expect(output).toBe(`ssewire demo: Port ${taken} is taken. Set PORT to a free one, or to 0 for any.\n`);
  });
});
