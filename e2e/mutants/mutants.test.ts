import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundleHost } from "../conformance/bundle-host.ts";
import { checksFor } from "../conformance/checks/all-checks.ts";
import { hostKinds } from "../conformance/host-kinds.ts";
import { startHost } from "../conformance/start-host.ts";
import type { TestedHost } from "../conformance/tested-host.ts";
import { mutants } from "./mutants.ts";

/** What a check may take that never ends. */
const CHECK_MS = 10_000;

const kind = hostKinds.find(({ name }) => name === "node:http");

/** Those that can run here. */
const isRunnable = (check: { needs?: { path: string | undefined } }): boolean =>
  check.needs === undefined || check.needs.path !== undefined;

/** Runs the suite. @returns the names of the checks that failed, each with the reason. */
async function failuresOf(host: TestedHost): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  for (const { name, run } of checksFor(host).filter(isRunnable)) {
    const outcome = run(host).then(() => "passed", String);
    const result = await Promise.race([outcome, wait(CHECK_MS, "takes for ever")]);
    if (result !== "passed") failures.set(name, result);
  }
  return failures;
}

describe("the conformance suite, on node:http", () => {
  it.each(mutants)("sees what is wrong with $name, and nothing else", async ({ breaks, ...mutation }) => {
    if (kind === undefined) throw new Error("There is no host of that name");
    const { protocol, expected, entry } = kind;
    const host = await startHost(process.execPath, [await bundleHost(entry, mutation)]);
    onTestFinished(host.stop);
    const failures = await failuresOf({ origin: host.origin, protocol, expected, patienceMs: 2_000 });
    const reasons = JSON.stringify([...failures], undefined, 2);
    const runnable = new Set(
      checksFor(kind)
        .filter(isRunnable)
        .map(({ name }) => name),
    );
    expect([...failures.keys()], reasons).toEqual(breaks.filter((name) => runnable.has(name)));
  });

  it("only names checks that there are", () => {
    const names = kind ? checksFor(kind).map(({ name }) => name) : [];
    expect(names).toEqual(expect.arrayContaining(mutants.flatMap(({ breaks }) => breaks)));
  });

  it("is not run when the library has changed so that a mutant would be none", async () => {
    const mutation = { name: "none", package: "core", replacements: [["no such text", ""]] } as const;
    await expect(bundleHost("node-http", mutation)).rejects.toThrow("there 0 times, not once");
  });
});
