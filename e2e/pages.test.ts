import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { writtenFiles } from "./house/source-files.ts";
import { publishedPackages, root } from "./published-packages.ts";

const files = writtenFiles();
const pages = files.filter((file) => file.endsWith(".md") && !file.startsWith(".changeset/"));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const withoutCodeBlocks = (text: string): string => text.replace(/^```.*?^```$/gms, "");

/** As GitHub makes them: small letters, no punctuation, a hyphen for each space. */
function anchors(page: string): string[] {
  return [...withoutCodeBlocks(read(page)).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What a link of `page` lacks: the file, or the heading in it. */
function brokenLink(page: string, link: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path)).replace(/\/$/, "");
  if (!existsSync(join(root, target))) return `${link}: there is no ${target}`;
  const file = target.endsWith(".md") ? target : join(target, "README.md");
  if (anchor !== undefined && !anchors(file).includes(anchor)) return `${link}: no such heading in ${file}`;
  return undefined;
}

describe("the links of a page lead somewhere", () => {
  it.each(pages)("%s", (page) => {
    const links = [...withoutCodeBlocks(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const local = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(local.map((link) => brokenLink(page, link)).filter((broken) => broken !== undefined)).toEqual([]);
  });
});

/** In backticks: what ends like a file of ours, or has a slash and begins with a folder of ours. */
function namedPaths(page: string): string[] {
  const spans = [...withoutCodeBlocks(read(page)).matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const folder = /^(?:packages|core|adapter-[a-z]+|e2e|examples|bench|docs|api|\.[a-z]+)\//;
  return spans.filter(
    (span) => /^[\w.*/-]+$/.test(span) && (folder.test(span) || /^[\w*/.-]+\.(?:ts|md|json)$/.test(span)),
  );
}

/** Whether some file is `path` or lies in it, from the root or from any folder on; a star is any name. */
function exists(path: string): boolean {
  const pattern = path.replaceAll(".", "\\.").replaceAll("*", "[^/]*").replace(/\/$/, "");
  return files.some((file) => new RegExp(`(?:^|/)${pattern}(?:/|$)`).test(file));
}

describe("the files that a page names exist", () => {
  it.each(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])("%s", (page) => {
    expect(namedPaths(page).filter((path) => !exists(path))).toEqual([]);
  });

  it("or would be missed", () => {
    expect(namedPaths("ARCHITECTURE.md").length).toBeGreaterThan(40);
    expect(exists("core/src/no-such-file.ts")).toBe(false);
  });
});

describe("ARCHITECTURE.md", () => {
  it("has at most 120 lines", () => {
    expect(read("ARCHITECTURE.md").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("names every folder of the workspace", () => {
    const folders = publishedPackages.map(({ folder }) => `packages/${folder}`);
    for (const folder of [...folders, "examples", "e2e", "bench"]) expect(read("ARCHITECTURE.md")).toContain(folder);
  });
});

describe("the commands that a page names exist", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  const workflows = files.filter((file) => file.startsWith(".github/workflows/"));

  it.each([...pages, ".ci/run", ...workflows])("%s", (page) => {
    const commands = [...read(page).matchAll(/\bpnpm(?:@12)? (?:run )?([a-z][\w:-]*)/g)].map(
      ([, command = ""]) => command,
    );
    const known = (command: string): boolean =>
      command in scripts ||
      ["add", "install"].includes(command) ||
      existsSync(join(root, "node_modules/.bin", command));
    expect(commands.filter((command) => !known(command))).toEqual([]);
  });
});
