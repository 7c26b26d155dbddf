import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listPages, root } from "./code-blocks.ts";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";

const chromium = findChromium();

/** Below node_modules, where everything ignores it; the site of `pnpm run docs` is left alone. */
const folder = join(root, `node_modules/.docs-site-${process.pid}`);

/** What a page of the site has: the places that can be linked to, and what it links to. */
interface SitePage {
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
}

const pages = new Map<string, SitePage>();
const files = new Set<string>();

function readPage(html: string): SitePage {
  const values = (attribute: RegExp): string[] =>
    [...html.matchAll(attribute)].map(([, value = ""]) => decodeEntities(value));
  return { anchors: new Set(values(/ id="([^"]*)"/g)), links: values(/ (?:href|src)="([^"]*)"/g) };
}

/** As the HTML of the site has it. */
function decodeEntities(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** What is wrong with a link, if anything is. */
function problemOf(from: string, link: string): string | undefined {
  if (/^(?:https?|mailto):/.test(link)) return undefined;
  const [path = "", anchor = ""] = link.split("#");
  const target = path === "" ? from : join(dirname(from), decodeURIComponent(path.split("?")[0] ?? ""));
  const file = target === "." || target.endsWith("/") ? join(target, "index.html") : target;
  if (!files.has(file)) return `${from} links to ${link}, which does not exist`;
  const isThere = anchor === "" || pages.get(file)?.anchors.has(decodeURIComponent(anchor));
  return isThere ? undefined : `${from} links to ${link}, which has no such place`;
}

beforeAll(async () => {
  // Fails on whatever TypeDoc warns of: links to nowhere, types that are not exported.
  await promisify(execFile)(join(root, "node_modules/.bin/typedoc"), ["--out", folder], { cwd: root });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    files.add(name);
    if (/\.(?:html|svg)$/.test(name)) pages.set(name, readPage(readFileSync(path, "utf8")));
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the site of the documentation", () => {
  it("has no dead link, neither to a page nor to a place in one", () => {
    expect(pages.size).toBeGreaterThan(200);
    const problems = [...pages].flatMap(([name, { links }]) => links.flatMap((link) => problemOf(name, link) ?? []));
    expect(problems).toEqual([]);
  });

  const isDocumentation = (page: string): boolean => /^(?:[A-Z]+|docs\/.*)\.md$/.test(page) && page !== "README.md";

  it.each(listPages().filter(isDocumentation))("has %s", (page) => {
    expect(pages.has(page.replace(/\.md$/, ".html"))).toBe(true);
  });

  it("has every guide in the index, which gives them their order", () => {
    const index = pages.get("docs/README.html")?.links ?? [];
    for (const guide of [...pages.keys()].filter((name) => name.startsWith("docs/guides/"))) {
      expect(index).toContain(guide.replace("docs/", ""));
    }
  });

  it("has the packages as they are imported, each with its README and its symbols", () => {
    const grpc = pages.get("api/adapter-grpc.html");
    expect(grpc?.anchors).toContain("resuming");
    expect(grpc?.links).toContain("adapter-grpc/grpcStreamToSse.html");
    expect(readFileSync(join(folder, "api/adapter-grpc/client.html"), "utf8")).toContain(
      "<h1>Module @ssewire/adapter-grpc/client</h1>",
    );
  });

  it("leads from a symbol to the line of its source", () => {
    const [link = ""] = pages.get("api/core/SSEManager.html")?.links.filter((link) => link.includes("/src/")) ?? [];
    const [, line] = /sse-manager\.ts\.html#L(\d+)$/.exec(link) ?? [];
    const source = readFileSync(join(root, "packages/core/src/sse-manager.ts"), "utf8").split("\n");
    expect(source[Number(line) - 1]).toContain("export class SSEManager");
  });

  it("speaks of no host that the repository is at", () => {
    for (const [name, { links }] of pages) expect(links.join("\n"), name).not.toContain("repository:");
  });
});

describe.skipIf(chromium.path === undefined)(`the site in Chromium (${chromium.note})`, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(chromium);
  });

  afterAll(() => browser?.close());

  const shown = [
    "index",
    "docs/README",
    "docs/guides/errors",
    "docs/guides/proxies",
    "docs/runtimes",
    "docs/from-python",
  ];
  const reference = [
    "api/core",
    "api/core/SSEManager",
    "api/core/EventStreamOptions",
    "packages/core/src/sse-manager.ts",
  ];

  describe.each([
    ["desktop", 1280, "light"],
    ["phone", 390, "dark"],
  ] as const)("on a %s, %d pixels wide, %s", (_, width, colorScheme) => {
    let page: Page;
    const errors: string[] = [];

    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
      page.on("pageerror", (error) => errors.push(error.message));
    });

    it.each([...shown, ...reference])("shows %s, no wider than the screen and without an error", async (name) => {
      await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
      await page.waitForSelector("h1");
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(errors).toEqual([]);
    });
  });

  it("finds what one looks for", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(pathToFileURL(join(folder, "index.html")).href);
    await page.click("#tsd-search-trigger");
    await page.fill("#tsd-search-input", "grpcStreamToSse");
    await page.click("#tsd-search-results a");
    await page.waitForURL(/grpcStreamToSse\.html$/);
    expect(await page.textContent("h1")).toContain("grpcStreamToSse");
  });
});
