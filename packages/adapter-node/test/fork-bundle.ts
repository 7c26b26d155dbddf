import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { onTestFinished } from "vitest";

/** A script that runs in a process of its own, and what it says. */
export interface ForkedScript<Message> {
  readonly child: ChildProcess;
  /** Waits for the next message. */
  readonly next: () => Promise<Message>;
  /** Settles when the process has ended, with what it wrote to its standard error. */
  readonly exited: Promise<{ code: number | null; signal: string | null; stderr: string }>;
}

/** Runs a script with the sources of the packages; killed when the test ends. */
export async function forkBundle<Message>(
  script: URL,
  { args = [], execArgv = [] }: { args?: string[]; execArgv?: string[] } = {},
): Promise<ForkedScript<Message>> {
  const directory = await mkdtemp(join(tmpdir(), "fork-bundle-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const outfile = join(directory, "script.mjs");
  await build({
    entryPoints: [fileURLToPath(script)],
    // Its `paths` lead to the sources.
    tsconfig: fileURLToPath(new URL("../../../tsconfig.json", import.meta.url)),
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // For packages that are CommonJS and require what Node has.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const child = fork(outfile, args, { execArgv, stdio: ["ignore", "inherit", "pipe", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr?.on("data", (text) => {
    stderr += text;
  });
  const exited = once(child, "close").then(([code, signal]) => ({ code, signal, stderr }));
  const messages: Message[] = [];
  let deliver = (): void => undefined;
  child.on("message", (message) => {
    // The script and its test agree on the type.
    messages.push(message as Message);
    deliver();
  });
  const next = async (): Promise<Message> => {
    for (;;) {
      const message = messages.shift();
      if (message !== undefined) return message;
      const arrived = new Promise<void>((resolve) => {
        deliver = resolve;
      });
      const ended = exited.then((how) => Promise.reject(new Error(`The script has ended: ${JSON.stringify(how)}`)));
      await Promise.race([arrived, ended]);
    }
  };
  return { child, next, exited };
}
