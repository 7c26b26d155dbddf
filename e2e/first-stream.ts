import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { type CodeBlock, readCodeBlocks, root } from "./code-blocks.ts";
import { freePort } from "./proxies/free-port.ts";
import type { Runtime } from "./runtimes/find-runtime.ts";

/** The files of the guide, served by one of its commands. */
export interface FirstStream {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  /** What the guide says that `curl` prints. */
  readonly printed: string;
}

/**
 * Does what `docs/guides/first-stream.md` says: writes its files, with the built packages installed, and runs the command
 * that begins with `program`. Only the port is another one.
 *
 * @param runtime - What runs the command; its own arguments are left out, as the guide has them.
 */
export async function followGuide(program: string, runtime: Pick<Runtime, "path">): Promise<FirstStream> {
  const blocks = readCodeBlocks("docs/guides/first-stream.md");
  const port = await freePort();
  const replacePort = (text: string): string => text.replaceAll("8080", String(port));
  const folder = join(root, `node_modules/.first-stream-${port}`);
  for (const name of ["core", "adapter-node"]) {
    // As npm installs them; links would lead some runtimes out of the folder.
    const installed = join(folder, "node_modules/@ssewire", name);
    mkdirSync(installed, { recursive: true });
    for (const part of ["package.json", "dist"]) {
      cpSync(join(root, "packages", name, part), join(installed, part), { recursive: true });
    }
  }
  writeFileSync(
    join(folder, "package.json"),
    '{ "dependencies": { "@ssewire/core": "*", "@ssewire/adapter-node": "*" } }',
  );
  for (const { file, code } of blocks) if (file !== undefined) writeFileSync(join(folder, file), replacePort(code));

  const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => code.trim().split("\n"));
  const [, ...args] = commands.find((command) => command.startsWith(`${program} `))?.split(" ") ?? [];
  if (args.length === 0) throw new Error(`The guide has no command of ${program}`);
  const child: ChildProcess = spawn(runtime.path ?? program, args.map(replacePort), { cwd: folder, stdio: "inherit" });
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://localhost:${port}/`;
  // Nothing tells when it listens.
  await vi.waitFor(() => fetch(url), { timeout: 30_000, interval: 50 });
  return { url, printed: printedBy(blocks) };
}

function printedBy(blocks: readonly CodeBlock[]): string {
  const session = blocks.find(({ language }) => language === "console")?.code ?? "";
  return session.replace(/^\$ curl .*\n/, "");
}
