import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Component } from "../find-component.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** A JavaScript runtime, of `e2e/runtimes/package.json` except for the one that runs the tests. */
export interface Runtime extends Component {
  readonly name: string;
  /** What comes before the script on its command line. */
  readonly args: readonly string[];
}

/**
 * Those that can stand in for `node`. They are no dependencies of the workspace: they weigh several hundred megabytes,
 * and nobody needs them to see the demo.
 *
 * @throws {Error} When one is missing with CI=true.
 */
export function findRuntimes(): readonly Runtime[] {
  return ["Node 22", "Node 24", "Node 26", "Bun", "Deno"].map(findRuntime);
}

const binaries: Record<string, readonly [binary: string, ...args: string[]]> = {
  "Node 22": ["node22/bin/node"],
  "Node 24": ["node24/bin/node"],
  "Node 26": ["node26/bin/node"],
  Bun: [".bin/bun", "--bun"],
  Deno: [".bin/deno", "run", "--allow-all"],
  // Takes a configuration for its script, and says on stdout where it listens.
  workerd: [".bin/workerd", "serve", "--control-fd=1"],
};

/**
 * One of them by name; "Node 20" stands for the runtime of the tests, whatever its version.
 *
 * @throws {Error} When it is missing with CI=true.
 */
export function findRuntime(name: string): Runtime {
  if (name === "Node 20") return { name, path: process.execPath, note: process.execPath, args: [] };
  const [binary = "", ...args] = binaries[name] ?? [];
  const place = join(folder, "node_modules", binary);
  const path = binary !== "" && existsSync(place) ? place : undefined;
  const note = path ?? "missing: npm install --prefix e2e/runtimes --no-package-lock";
  if (path === undefined && process.env["CI"] === "true") throw new Error(`${name} is ${note}`);
  return { name, path, note, args };
}
