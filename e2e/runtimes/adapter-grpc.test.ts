import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRuntimes, type Runtime } from "./find-runtime.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the tests of a package on another runtime. @returns its exit code, and what it printed. */
async function runTests(runtime: Runtime, project: string): Promise<{ code: number | null; output: string }> {
  const { path = "", args } = runtime;
  // What vitest tells its workers is not meant for another vitest.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TINYPOOL)/.test(name)));
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.workspace.ts", "--project", project];
  const child = spawn(path, [...args, ...vitest, "--reporter", "dot"], {
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}

describe.each(findRuntimes())("the tests of a package on $name", (runtime) => {
  it.skipIf(runtime.path === undefined)(`adapter-grpc (${runtime.note})`, { timeout: 300_000 }, async () => {
    const { code, output } = await runTests(runtime, "adapter-grpc");
    expect(code, output).toBe(0);
  });
});
