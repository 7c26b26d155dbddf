import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { allChecks } from "./conformance/checks/all-checks.ts";
import { hostKinds } from "./conformance/host-kinds.ts";
import { runtimesPage, type Versions } from "./conformance/runtimes-page.ts";
import { replaceRuntimesTable, runtimesTable } from "./conformance/runtimes-table.ts";

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

describe("the table of runtimes in README.md", () => {
  it("is what the conformance suite expects (UPDATE_DOCS=1 writes it)", async () => {
    const path = place("../README.md");
    const text = await readFile(path, "utf8");
    const expected = replaceRuntimesTable(text, runtimesTable(hostKinds, await readVersions()));
    if (process.env["UPDATE_DOCS"] === "1") await writeFile(path, expected);
    expect(await readFile(path, "utf8")).toBe(expected);
  });

  it("has a row for hosts of a runtime that do not differ in it", () => {
    const [http, ...others] = hostKinds.filter(({ through }) => through === "adapter-node");
    const slow = others.map((kind) => ({ ...kind, expected: { ...kind.expected, onClose: "never" as const } }));
    const rows = (kinds: typeof hostKinds): number => runtimesTable(kinds, {}).split("\n").length - 2;
    expect(rows(http ? [http, ...others] : [])).toBe(1);
    expect(rows(http ? [http, ...slow] : [])).toBe(2);
    expect(rows(http ? [http, { ...http, runtimes: ["Bun"] }] : [])).toBe(2);
  });

  it.each(["", "<!-- What was written by UPDATE_DOCS=1 ends here. -->"])("needs its markers: %j", (readme) => {
    expect(() => replaceRuntimesTable(readme, "")).toThrow("README.md must hold the two markers");
  });
});
