import type { Figures } from "./measure.ts";
import type { Workload } from "./workload.ts";

/** A Markdown table of the medians and their ratios to the first contestant. */
export function formatTable({ unit }: Workload, figures: Figures): string {
  const medians = [...figures].map(([name, microseconds]) => [name, median(microseconds)] as const);
  const base = medians[0]?.[1] ?? Number.NaN;
  const rows = medians.map(([name, value]) => `| ${name} | ${value.toFixed(2)} µs | ${(value / base).toFixed(2)} |`);
  return [`| contestant | CPU per ${unit} | ratio |`, "| --- | ---: | ---: |", ...rows].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[(sorted.length - 1) >> 1] ?? Number.NaN)) / 2;
}
