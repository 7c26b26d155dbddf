import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { documentationGaps } from "./house/documentation-gaps.ts";
import { importCycles } from "./house/import-cycles.ts";
import { moduleState } from "./house/module-state.ts";
import { sourceFiles } from "./house/source-files.ts";
import { publishedPackages, root } from "./published-packages.ts";

const MAX_LINES = 300;

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const folders = publishedPackages.map(({ folder }) => folder);

describe("every source file", () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    const lengths = sourceFiles().map((file) => ({ file, lines: read(file).trimEnd().split("\n").length }));
    expect(lengths.length).toBeGreaterThan(100);
    expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });

  it.each(folders)("of %s is free of import cycles", (folder) => {
    const files = sourceFiles(`packages/${folder}/src`).map((file) => join(root, file));
    const cycles = importCycles(files).map((cycle) => cycle.map((file) => file.slice(join(root, "packages/").length)));
    expect(cycles.map((cycle) => cycle.join(" → "))).toEqual([]);
  });
});

describe("invariant 10: core keeps no state in a module", () => {
  it.each(sourceFiles("packages/core/src"))("%s", (file) => {
    expect(moduleState(file, read(file))).toEqual([]);
  });

  it.each<[string, string]>([
    ["let open = 0;", "line 1: a variable that is no const"],
    ["export const open = new Set<string>();", "line 1: an object with a state"],
    ["const a = 1,\n  waiting: string[] = [];", "line 2: an object with a state"],
    ["setInterval(() => {}, 1_000);", "line 1: a statement that runs on import"],
    ["class Streams {\n  static size = 0;\n}", "line 2: a static field"],
  ])("would be seen: %s", (code, state) => {
    expect(moduleState("some-file.ts", code)).toEqual([state]);
  });
});

describe("what a package exports", () => {
  const entries = publishedPackages.flatMap((each) => each.entries);
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    options,
  );

  it.each(entries)("is documented: $specifier", ({ source }) => {
    expect(documentationGaps(program, source)).toEqual([]);
  });
});
