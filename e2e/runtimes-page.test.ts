import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allChecks } from "./conformance/checks/all-checks.ts";
import { hostKinds } from "./conformance/host-kinds.ts";
import { runtimesPage, type Versions } from "./conformance/runtimes-page.ts";

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function readVersions(): Promise<Versions> {
  const { dependencies }: { dependencies: Record<string, string> } = await readJson("runtimes/package.json");
  const version = (name: string): string => (dependencies[name] ?? "").replace("npm:node@", "");
  const bridge: { version: string } = await readJson("node_modules/@hono/node-server/package.json");
  return {
    "Node 22": version("node22"),
    "Node 24": version("node24"),
    "Node 26": version("node26"),
    Bun: version("bun"),
    Deno: version("deno"),
    workerd: version("workerd"),
    "@hono/node-server": bridge.version,
  };
}

async function readJson<Content>(path: string): Promise<Content> {
  return JSON.parse(await readFile(place(path), "utf8"));
}

describe("docs/runtimes.md", () => {
  it("is what the conformance suite expects (UPDATE_DOCS=1 writes it)", async () => {
    const page = runtimesPage(hostKinds, allChecks, await readVersions());
    const path = place("../docs/runtimes.md");
    if (process.env["UPDATE_DOCS"] === "1") await writeFile(path, page);
    expect(await readFile(path, "utf8")).toBe(page);
  });
});
