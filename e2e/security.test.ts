import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "./published-packages.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const [, threats = ""] = /\n## Threats\n(.*?)\n## /s.exec(read("SECURITY.md")) ?? [];

/** The rows of the tables of threats, but for their heads: the threat, what holds it, and the tests. */
const rows = [...threats.matchAll(/^\| (?!threat |-)(.+?) \| (.+?) \| (.+?) \|$/gm)].map(
  ([, threat = "", holds = "", tests = ""]) => ({
    threat: threat.trim(),
    holds: holds.trim(),
    tests: [...tests.matchAll(/\[(.+?)\]\((.+?)\)/g)].map(([, name = "", file = ""]) => ({ name, file })),
  }),
);

describe("SECURITY.md", () => {
  it("has something that holds each threat, and a test of it", () => {
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.length).toBe([...threats.matchAll(/^\| (?!threat |-)/gm)].length);
    expect(rows.filter(({ holds, tests }) => holds === "" || tests.length === 0)).toEqual([]);
  });

  it.each(rows.flatMap(({ tests }) => tests))("names a test that there is: $name", ({ name, file }) => {
    expect(file).toMatch(/\.test\.ts$/);
    expect(testTitles(file).filter((title) => title.includes(name))).not.toEqual([]);
  });
});

/** The titles in a file of tests: of `it("…", …)`, `describe("…", …)`, and of both after `.each(…)`. */
function testTitles(file: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !/^(?:it|describe)\b/.test(node.expression.getText())) return;
    const [title] = node.arguments;
    if (title && ts.isStringLiteral(title)) titles.push(title.text);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true));
  return titles;
}
