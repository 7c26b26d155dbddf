import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../published-packages.ts";

const NOT_WRITTEN_HERE = new Set(["node_modules", "dist", "gen", "coverage", ".git"]);

/** Every file that people have written, as a path below the root: not what is installed, built or generated. */
export function writtenFiles(folder = ""): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_WRITTEN_HERE.has(name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? writtenFiles(path) : [path];
    });
}

/** Every TypeScript file that is no test. */
export function sourceFiles(folder = ""): string[] {
  return writtenFiles(folder).filter((path) => path.endsWith(".ts") && !/\.test(?:-d)?\.ts$|\.d\.ts$/.test(path));
}
