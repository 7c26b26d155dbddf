import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execFileAsync = promisify(execFile);

/** Runs a program and gives what it printed; a failure says what it printed, too. */
export async function runCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execFileAsync(command, args, { cwd })).stdout;
  } catch (error) {
    const text = (stream: "stdout" | "stderr"): string =>
      error instanceof Error && stream in error ? String(Reflect.get(error, stream)) : "";
    throw new Error(`${command} failed:\n${text("stdout")}${text("stderr")}`, { cause: error });
  }
}
