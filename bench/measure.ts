import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Workload } from "./workload.ts";

const contestantFile = fileURLToPath(new URL("contestant.js", import.meta.url));

/** Microseconds of CPU per unit of work, by contestant, one for each round. */
export type Figures = ReadonlyMap<string, readonly number[]>;

/** Lets the contestants take turns. */
export async function measure(workload: Workload, rounds: number): Promise<Figures> {
  const prepared = await workload.prepare?.();
  const figures = new Map<string, number[]>(Object.keys(workload.contestants).map((name) => [name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [name, microseconds] of figures) {
        const child = fork(contestantFile, [workload.name, name, prepared?.address ?? ""]);
        const [figure] = await once(child, "message");
        microseconds.push(Number(figure));
        await once(child, "exit");
      }
    }
  } finally {
    prepared?.close();
  }
  return figures;
}
