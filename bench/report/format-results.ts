import { SSEWIRE } from "../entrants.ts";
import type { WorkloadResult } from "../workload-result.ts";
import { alignTable } from "./align-table.ts";
import { formatValue } from "./format-value.ts";

/** A Markdown table of the medians, each with how many times that of ssewire on adapter-node it is. */
export function formatResults({ workload: { metrics, entrants }, medians }: WorkloadResult): string {
  const head = ["", ...metrics.flatMap(({ label }) => [label, "×"])];
  const rows = entrants.map(({ id, name }) => [
    name,
    ...metrics.flatMap((metric) => {
      const values = medians.get(metric.key);
      const value = values?.get(id);
      const base = values?.get(SSEWIRE);
      if (value === undefined) return ["-", ""];
      // What is next to nothing has no ratio.
      const ratio = base === undefined || base < 0.005 ? "" : (value / base).toFixed(2);
      return [formatValue(value, metric), ratio];
    }),
  ]);
  return alignTable([head, ...rows]);
}
