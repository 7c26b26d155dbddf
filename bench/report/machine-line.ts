import { availableParallelism, cpus } from "node:os";

/** What it was measured on: no date, so that the page changes with its figures only. */
export function machineLine(rounds: number): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const cores = availableParallelism();
  return `${model}, ${cores} cores, ${process.platform} ${process.arch}, Node ${process.versions.node}; medians of ${rounds} rounds.`;
}
