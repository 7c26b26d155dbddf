import { readFile, writeFile } from "node:fs/promises";
import { toResult, type WorkloadResult } from "../workload-result.ts";
import { workloads } from "../workloads.ts";

/** Medians by metric and entrant, of each workload, with the machine they were measured on. */
type KeptResults = Record<string, { machine: string; medians: Record<string, Record<string, number>> }>;

/** Seen from `bench/dist`. */
const file = new URL("../../docs/performance/results.json", import.meta.url);

/**
 * Keeps results in a file, in place of older ones of the same workloads: a run of all of them takes long.
 *
 * @returns all that are kept, in the order of the workloads.
 */
export async function keepResults(results: readonly WorkloadResult[]): Promise<WorkloadResult[]> {
  const kept: KeptResults = JSON.parse(await readFile(file, "utf8"));
  for (const { workload, medians, machine } of results) {
    const byMetric = [...medians].map(([key, values]) => [key, Object.fromEntries(values)]);
    kept[workload.name] = { machine, medians: Object.fromEntries(byMetric) };
  }
  await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`);
  return workloads.flatMap((workload) => {
    const one = kept[workload.name];
    if (one === undefined) return [];
    const medians = Object.entries(one.medians).map(([key, values]) => [key, new Map(Object.entries(values))] as const);
    return [toResult(workload, new Map(medians), one.machine)];
  });
}
