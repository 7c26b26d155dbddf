import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The built demo. */
export const main: string = fileURLToPath(new URL("../examples/progress/dist/main.js", import.meta.url));

/** The built demo, in a process of its own. */
export interface RunningDemo {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  readonly process: ChildProcess;
  /** What it printed so far, line by line. */
  readonly lines: readonly string[];
  /** Sends SIGINT, as Ctrl-C does, or another signal. @returns its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the demo that the build made, on a free port and without Redis unless `env` says otherwise. */
export async function runDemo(env: { PORT?: string; REDIS_URL?: string } = {}): Promise<RunningDemo> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: "0", REDIS_URL: "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      const found = /^ssewire demo: (http:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void exited.then(([code]) => reject(new Error(`The demo ended with ${code} before it said its address`)));
  });
  return {
    url,
    process: child,
    lines,
    async stop(signal = "SIGINT") {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}
