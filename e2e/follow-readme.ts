import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { readCodeBlocks, root } from "./code-blocks.ts";
import { startHost } from "./conformance/start-host.ts";
import { freePort } from "./proxies/free-port.ts";
import { packPackages } from "./release/pack-packages.ts";
import { runCommand } from "./release/run-command.ts";
import type { Runtime } from "./runtimes/find-runtime.ts";

const page = await readFile(join(root, "README.md"), "utf8");
const blocks = readCodeBlocks("README.md");

/** What `pattern` finds in the README, or in some part of it. */
function find(pattern: RegExp, text: string = page): string {
  const [all, part = all] = pattern.exec(text) ?? [];
  if (part === undefined) throw new Error(`README.md must have ${pattern}`);
  return part;
}

const blockWith = (text: string): string => find(/.+/s, blocks.find(({ code }) => code.includes(text))?.code ?? "");

/** The files that it has somebody write, by name. */
const files: ReadonlyMap<string, string> = new Map([
  ...blocks.map(({ file, code }) => [file ?? /^# ([\w.]+)\n/.exec(code)?.[1] ?? "", code] as const),
  // The block has no name, as it would have to be compiled without the types of Express.
  ["express.mjs", blockWith("import express")] as const,
]);

/** What the README has for the page that watches. */
export const pageCode: string = blockWith("new EventSource(");

/** The document that it has `curl` watch, what that prints first, and what it has to print last. */
export const watched: { readonly path: string; readonly first: string; readonly last: string } = {
  path: find(/^\$ curl -N http:\/\/localhost:8080(\S+)$/m),
  first: find(/^\$ curl .*?\n(.*?)```$/ms),
  last: 'data: {"percent":100,"message":"Ready"}\n\nid: ~end\nevent: ~end\ndata: \n\n',
};

/** Reads a stream without its comments, of which there are as many as it takes time. */
export async function readEvents(url: string): Promise<string> {
  const response = await fetch(url);
  return (await response.text()).replaceAll(/^:.*\n/gm, "");
}

/** What comes after the name of a program in the command that it gives for it. */
export const argumentsOf = (program: string): string[] => find(new RegExp(`\`${program} ([^\`]+)\``)).split(" ");

/** A folder in which everything was done that the README says, and a gRPC server. */
export interface ReadmeProject {
  readonly folder: string;
  /**
   * Serves the handler, until the test is over.
   *
   * @param args - The command line, as the README has it. Only the port is another one.
   * @returns Where, without a slash at the end.
   */
  serve(runtime: Pick<Runtime, "path">, args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * Does what the README says, as somebody new would: an empty folder, its files as they are on the page, its commands, the
 * gRPC server of the demo. Packages of ours come from tarballs, those of others in the versions of the workspace.
 */
export async function followReadme(): Promise<ReadmeProject> {
  const folder = await mkdtemp(join(tmpdir(), "ssewire-readme-"));
  const documents = await startHost(process.execPath, [join(root, find(/PORT=50051 node (\S+)`/))], { PORT: "0" });
  // It says more than where it is.
  const address = documents.origin.replace("document service: ", "");

  async function writeFiles(port: number): Promise<void> {
    for (const [file, code] of files) {
      if (file === "") continue;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      const text = code.replaceAll("127.0.0.1:50051", address).replaceAll("8080", String(port));
      await writeFile(join(folder, file), text);
    }
  }

  async function close(): Promise<void> {
    await documents.stop();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await cp(join(root, "examples/progress/proto"), join(folder, "proto"), { recursive: true });
    await writeFiles(8080);
    const tarballs = await packPackages(["core", "adapter-grpc", "adapter-node"], folder);
    for (const line of [...blockWith("npm init").trim().split("\n"), find(/`(npm install express)`/)]) {
      const [command = "", ...args] = line.split(" ");
      await runCommand(command, command === "npm" ? await specify(args, tarballs) : args, folder);
    }
  } catch (error) {
    await close();
    throw error;
  }

  async function serve(runtime: Pick<Runtime, "path">, args: readonly string[]): Promise<string> {
    const port = await freePort();
    await writeFiles(port);
    const ownArgs = args.map((arg) => arg.replace("8080", String(port)));
    const child = spawn(runtime.path ?? "", ownArgs, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const origin = `http://localhost:${port}`;
    // Nothing tells when it listens.
    await vi.waitFor(async () => (await fetch(`${origin}/`)).text(), { timeout: 30_000, interval: 50 });
    return origin;
  }

  return { folder, serve, close };
}

/** The arguments of npm, with a tarball or a version for each package. */
async function specify(args: readonly string[], tarballs: ReadonlyMap<string, string>): Promise<string[]> {
  if (args[0] !== "install") return [...args];
  const read = (file: string): Promise<string> => readFile(join(root, file), "utf8");
  const known = await Promise.all(
    ["pnpm-workspace.yaml", "package.json", "examples/frameworks/package.json"].map(read),
  );
  const names = args.filter((arg) => !/^install$|^--/.test(arg));
  const specified = names.map((name) => {
    const own = tarballs.get(name.replace("@ssewire/", ""));
    return own ?? `${name}@${find(new RegExp(`^ +"${name}": "?([\\d^~][^\\s",]*)`, "m"), known.join("\n"))}`;
  });
  const flags = args.filter((arg) => arg.startsWith("--"));
  return ["install", "--no-audit", "--no-fund", "--prefer-offline", ...flags, ...specified];
}
