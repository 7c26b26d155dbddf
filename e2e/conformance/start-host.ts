import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that serves the application, in a process of its own. */
export interface HostProcess {
  readonly origin: string;
  /** What it printed to stderr, and that it ended if it did. */
  readonly complaints: () => string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a host and waits until it has said where it listens.
 *
 * @throws {Error} When it ends before; with what it printed.
 */
export async function startHost(
  command: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<HostProcess> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...variables },
  });
  let complaints = "";
  let isStopping = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close").then(([code, signal]) => {
    if (!isStopping) complaints += `\nended with ${code ?? signal}`;
  });
  const line = await Promise.race([once(createInterface(child.stdout), "line"), closed]);
  if (line === undefined) throw new Error(`Cannot start ${command} ${args.join(" ")}: ${complaints}`);
  return {
    origin: originOf(String(line[0])),
    complaints: () => complaints,
    stop: () => {
      isStopping = true;
      child.kill("SIGKILL");
      return closed;
    },
  };
}

/** A host of ours prints its origin, workerd a message with a port. */
function originOf(line: string): string {
  if (!line.startsWith("{")) return line;
  const { port }: { port: number } = JSON.parse(line);
  return `http://127.0.0.1:${port}`;
}
