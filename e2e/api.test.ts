import { readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { publishedPackages, root } from "./published-packages.ts";
import { apiReport, reportFile } from "./release/api-report.ts";

const entries = publishedPackages.flatMap((each) => each.entries);

describe("the public API, as it is built", () => {
  const program = ts.createProgram(
    entries.map(({ declarations }) => declarations),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"],
      types: [],
      skipLibCheck: true,
    },
  );

  it.each(entries.map((entry) => ({ entry, specifier: entry.specifier, file: reportFile(entry) })))(
    "of $specifier is what $file says (UPDATE_API=1 writes it: then it needs a changeset)",
    async ({ entry, file }) => {
      const report = apiReport(program, entry);
      if (process.env["UPDATE_API"]) {
        await mkdir(join(root, "api"), { recursive: true });
        await writeFile(join(root, file), report);
      }
      expect(report).toBe(await readFile(join(root, file), "utf8"));
    },
  );

  it("has a file for every entry, and no other", () => {
    expect(readdirSync(join(root, "api")).map((file) => `api/${file}`)).toEqual(entries.map(reportFile).sort());
  });
});
