import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { root } from "./code-blocks.ts";
import { findChromium } from "./find-component.ts";
import { argumentsOf, followReadme, pageCode, type ReadmeProject, readEvents, watched } from "./follow-readme.ts";
import { launchChromium } from "./launch-chromium.ts";

const chromium = findChromium();
const node = { path: process.execPath };
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const text = read("README.md");

describe("README.md, followed in an empty folder", () => {
  let project: ReadmeProject;

  beforeAll(async () => {
    project = await followReadme();
  }, 300_000);

  afterAll(() => project?.close());

  it.each([
    ["node", argumentsOf("node")],
    ["Express", ["express.mjs"]],
  ])("has gRPC in the terminal as it says, with %s", async (_, args) => {
    const origin = await project.serve(node, args);
    const body = await readEvents(`${origin}${watched.path}`);
    expect(body.slice(0, watched.first.length)).toBe(watched.first);
    expect(body.slice(-watched.last.length)).toBe(watched.last);
  });

  it.skipIf(chromium.path === undefined)(`has gRPC in the page, in Chromium (${chromium.note})`, async () => {
    const origin = await project.serve(node, argumentsOf("node"));
    const browser = await launchChromium(chromium);
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const printed: string[] = [];
    page.on("console", (message) => printed.push(message.text()));
    // Any document is a page of the same origin; of one that is not there Chromium shows the event stream.
    await page.goto(`${origin}/none`);
    const source = await page.evaluateHandle<EventSource>(`${pageCode}; source`);
    // The browser comes back once, and is told that there is no more.
    await page.waitForFunction(({ readyState }) => readyState === EventSource.CLOSED, source);
    expect(printed).toEqual(["0", ...Array.from({ length: 21 }, (_, step) => String(step * 5))]);
  });
});

describe("README.md", () => {
  it("has a test for each promise, with its number", () => {
    const [, list = ""] = /^## What it promises\n(.*?)^## /ms.exec(text) ?? [];
    const promises = list.split(/^(?=\d+\. )/m);
    const general = linkedTests(promises[0] ?? "");
    expect(promises.length).toBe(11);
    for (const [number, promise] of promises.entries()) {
      const tests = [...general, ...linkedTests(promise)].map(read).join("\n");
      if (number > 0) expect(tests, promise).toMatch(new RegExp(`describe\\("invariant ${number}: `));
    }
  });

  it("shows the speed that docs/performance.md shows, of the same run", () => {
    const [own, performance] = [benchResults(text), benchResults(read("docs/performance.md"))];
    const machines = (results: string): Set<string> =>
      new Set([...results.matchAll(/^.*; medians of \d+ rounds\.$/gm)].map(([line]) => line));
    expect(machines(own)).toEqual(machines(performance));
    for (const [value] of own.matchAll(/\d[\d.]* (?:ns|µs|ms|KiB) \|/g)) expect(performance).toContain(` ${value}`);
  });
});

/** What `npx -y pnpm@12 bench` has written into a page; nothing, before its first run. */
function benchResults(markdown: string): string {
  const [, results] =
    /^<!-- What follows is written by `npx -y pnpm@12 bench`\. -->$(.*?)^<!-- /ms.exec(markdown) ?? [];
  return results ?? expect.fail("there are no markers for the results");
}

function linkedTests(markdown: string): string[] {
  return [...markdown.matchAll(/\]\((\S+\.test\.ts)\)/g)].map(([, path = ""]) => path);
}
