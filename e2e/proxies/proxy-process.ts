import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** How to run a proxy in the foreground. */
export interface ProxyCommand {
  readonly path: string;
  readonly args: readonly string[];
  /** What to write into its folder first, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface RunningProxy {
  /** What it has printed so far. */
  log(): string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Runs a program, and kills all there is of it when it ends or when the test process is gone, however it went. */
const leash = '{ "$@"; kill -9 0; } & cat; kill -9 0';

/**
 * Runs a proxy in a folder of its own until `stop`, and waits until it accepts connections at `port`.
 *
 * @param command - Is told the folder.
 * @throws {Error} When it ends before, with what it printed.
 */
export async function runProxy(command: (folder: string) => ProxyCommand, port: number): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), "ssewire-proxy-"));
  const { path, args, files } = command(folder);
  await mkdir(join(folder, "tmp"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  // A file, as Apache opens /dev/stderr anew, which a pipe of Node's does not allow.
  const logFile = await open(join(folder, "log"), "a+");
  const child = spawn("sh", ["-c", leash, "sh", path, ...args], {
    cwd: folder,
    // A group of its own, for the leash.
    detached: true,
    env: { PATH: process.env["PATH"], HOME: folder, TMPDIR: join(folder, "tmp") },
    stdio: ["pipe", logFile.fd, logFile.fd],
  });
  const exited = once(child, "exit");
  await logFile.close();
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const proxy: RunningProxy = {
    log: () => readFileSync(join(folder, "log"), "utf8"),
    async stop() {
      child.stdin?.end();
      await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  try {
    await vi.waitUntil(async () => !isRunning() || (await accepts(port)), { timeout: 20_000 });
    if (!isRunning()) throw new Error(`${path} has ended`);
  } catch (cause) {
    const log = proxy.log();
    await proxy.stop();
    throw new Error(`Cannot run ${path}:\n${log}`, { cause });
  }
  return proxy;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
