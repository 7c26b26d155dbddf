import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** The files that a file imports by a relative path, for their types, too. */
function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(file, "utf8"))
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => join(dirname(file), fileName));
}

/**
 * The ways among `files` that lead back to where they began, each once: `["a.ts", "b.ts", "a.ts"]`.
 *
 * Imports of types count. They do no harm when a program runs, but what needs each other is one thing and not two.
 */
export function importCycles(files: readonly string[]): string[][] {
  const known = new Set(files);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const follow = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file);
    if (start >= 0) {
      cycles.push([...way.slice(start), file]);
    } else if (known.has(file) && !done.has(file)) {
      for (const imported of importsOf(file)) follow(imported, [...way, file]);
      done.add(file);
    }
  };
  for (const file of files) follow(file, []);
  return cycles;
}
