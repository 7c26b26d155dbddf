import { setTimeout } from "node:timers/promises";
import { SSEManager } from "@ssewire/core";

export interface Progress {
  percent: number;
}

/** The event streams of all examples; at a shutdown `closeGracefully` drains it. */
export const manager: SSEManager<{ progress: Progress }> = new SSEManager();

/** What an application would have instead. The tests put their own in its place. */
export const jobs = {
  /**
   * Watches a job; each takes five seconds.
   *
   * @throws {Error} When there is no such job.
   */
  watch(id: string): (context: { signal: AbortSignal }) => AsyncGenerator<Progress> {
    if (!/^\d+$/.test(id)) throw new Error(`There is no job ${id}`);
    return async function* ({ signal }) {
      for (let percent = 0; percent <= 100; percent += 10) {
        yield { percent };
        await setTimeout(500, undefined, { signal });
      }
    };
  },
};

export const accessLog = {
  write(line: string): void {
    process.stdout.write(`${line}\n`);
  },
};
