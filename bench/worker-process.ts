import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

interface Question {
  readonly command: string;
  readonly argument: unknown;
}

type Answer<Result> = { readonly result: Result } | { readonly error: string };

/** Longer than any command takes, and short enough for somebody who waits. */
const TIMEOUT_MS = 60_000;

/** A process of its own that is told what to do, one thing after the other. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #name: string;

  /**
   * @param file - Built beside this one.
   * @param args - What it finds in `process.argv`.
   */
  constructor(file: string, args: readonly string[] = []) {
    this.#name = [file, ...args].join(" ");
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: ["--expose-gc"] });
  }

  /** @throws What the command threw there, and when the process has gone or does not answer. */
  async ask<Result>(command: string, argument?: unknown): Promise<Result> {
    const question: Question = { command, argument };
    const answer = await new Promise<Answer<Result>>((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`${this.#name}: ${reason} (at "${command}")`));
      const onExit = (code: number | null): void => fail(`ended with code ${code}`);
      const timer = setTimeout(() => fail(`no answer for ${TIMEOUT_MS} ms`), TIMEOUT_MS);
      this.#child.once("exit", onExit);
      this.#child.once("message", (message: Answer<Result>) => {
        clearTimeout(timer);
        this.#child.off("exit", onExit);
        resolve(message);
      });
      if (this.#child.connected) this.#child.send(question);
      else fail("has ended");
    });
    if ("error" in answer) throw new Error(`${this.#name}: ${answer.error}`);
    return answer.result;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

/** What a process does by command. A method for its parameter: each command has one of its own type. */
export type Command = { run(argument: unknown): unknown }["run"];

/** The other end of {@link WorkerProcess}: answers until the parent has left. What a command returns must be data. */
export function answerCommands(commands: Readonly<Record<string, Command>>): void {
  process.on("message", async ({ command, argument }: Question) => {
    const run = commands[command];
    try {
      if (run === undefined) throw new RangeError(`There is no command "${command}"`);
      process.send?.({ result: await run(argument) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}
