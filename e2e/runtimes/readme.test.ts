import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { root } from "../code-blocks.ts";
import { startHost } from "../conformance/start-host.ts";
import { argumentsOf, followReadme, type ReadmeProject, readEvents, watched } from "../follow-readme.ts";
import { findRuntime, findRuntimes } from "./find-runtime.ts";

/** The program that the README names for each runtime. */
const programOf = (name: string): string => (name.split(" ")[0] ?? "").toLowerCase();

const workerd = findRuntime("workerd");

describe("README.md, followed in an empty folder", () => {
  let project: ReadmeProject;

  beforeAll(async () => {
    project = await followReadme();
  }, 300_000);

  afterAll(() => project?.close());

  for (const runtime of findRuntimes()) {
    it.skipIf(runtime.path === undefined)(`has gRPC in the terminal on ${runtime.name} (${runtime.note})`, async () => {
      const origin = await project.serve(runtime, argumentsOf(programOf(runtime.name)));
      const body = await readEvents(`${origin}${watched.path}`);
      expect(body.slice(0, watched.first.length)).toBe(watched.first);
      expect(body.slice(-watched.last.length)).toBe(watched.last);
    });
  }

  it.skipIf(workerd.path === undefined)(`has a worker that streams on workerd (${workerd.note})`, async () => {
    // As wrangler would: one file, of what is installed.
    const folder = join(project.folder, "worker");
    await mkdir(folder);
    await build({
      entryPoints: [join(project.folder, "worker.ts")],
      outfile: join(folder, "workerd.mjs"),
      bundle: true,
      format: "esm",
    });
    const config = join(folder, "workerd.capnp");
    await copyFile(join(root, "e2e/conformance/hosts/workerd.capnp"), config);
    const host = await startHost(workerd.path ?? "", [...workerd.args, config, "withSignal"]);
    onTestFinished(() => host.stop());
    const body = await readEvents(host.origin);
    const events = Array.from({ length: 11 }, (_, step) => `event: progress\ndata: {"percent":${step * 10}}\n\n`);
    expect(body).toBe(`${events.join("")}id: ~end\nevent: ~end\ndata: \n\n`);
  });
});
