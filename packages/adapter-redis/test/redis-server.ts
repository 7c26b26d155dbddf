import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import { RedisEventLogs, type RedisEventLogsOptions } from "../src/index.ts";
import { redisPath } from "./find-redis.ts";

/** A redis-server of the test's own, on a socket in a folder of its own. */
export interface RedisServer {
  readonly socketPath: string;
  /** Starts it, again on the same socket; settles when it takes connections. */
  readonly start: () => Promise<void>;
  /** Ends it as `kill -9` does. */
  readonly kill: () => Promise<void>;
  /** Asks it something on a connection that is closed with the test. */
  readonly ask: (...command: string[]) => Promise<unknown>;
}

/** Makes a server that is not started yet; killed when the test ends. */
export async function prepareRedis(...settings: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "adapter-redis-"));
  const socketPath = join(folder, "redis.sock");
  let running: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const closed = once(running, "close");
    running.kill("SIGKILL");
    await closed;
  };
  const start = async (): Promise<void> => {
    const fixed = ["--port", "0", "--unixsocket", socketPath, "--dir", folder, "--save", ""];
    const child = spawn(redisPath ?? "redis-server", [...fixed, ...settings], { stdio: ["ignore", "pipe", "inherit"] });
    running = child;
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.includes("eady to accept connections")) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start: ${lines.join("\n")}`);
  };
  const ask = async (...command: string[]): Promise<unknown> => {
    const client = createClient({ socket: { path: socketPath, tls: false }, RESP: 2 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  };
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  return { socketPath, start, kill, ask };
}

/** A server that runs. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const server = await prepareRedis(...settings);
  await server.start();
  return server;
}

/** Logs on that server, closed when the test ends; what goes wrong in the background is in `errors`. */
export function openLogs(
  { socketPath }: Pick<RedisServer, "socketPath">,
  options: Partial<RedisEventLogsOptions> = {},
): RedisEventLogs & { readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const logs = new RedisEventLogs({
    client: createClient({ socket: { path: socketPath, tls: false } }),
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => logs.close());
  return Object.assign(logs, { errors });
}
