import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { WorkloadResult } from "../workload-result.ts";
import { barChart, type ChartPanel } from "./bar-chart.ts";
import { formatGoals } from "./format-goals.ts";
import { formatResults } from "./format-results.ts";
import { formatValue } from "./format-value.ts";

/** Seen from `bench/dist`. */
const docs = new URL("../../docs/", import.meta.url);

const START = "<!-- What follows is written by `npx -y pnpm@12 bench`. -->";
const END = "<!-- What was written by `npx -y pnpm@12 bench` ends here. -->";

/** Writes the results into `docs/performance.md`, between its markers, and a chart for each workload. */
export async function writePage(results: readonly WorkloadResult[]): Promise<void> {
  const page = new URL("performance.md", docs);
  const text = await readFile(page, "utf8");
  await mkdir(new URL("performance/", docs), { recursive: true });
  for (const result of results) await writeFile(new URL(chartFile(result), docs), chartOf(result));
  await writeFile(page, replaceResults(text, pageResults(results)));
}

/** @throws {Error} When the markers are not there; it says that of `name`. */
export function replaceResults(page: string, results: string, name = "docs/performance.md"): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`${name} must hold the two markers of its results`);
  return `${page.slice(0, start + START.length)}\n\n${results}\n\n${page.slice(end)}`;
}

export function pageResults(results: readonly WorkloadResult[]): string {
  const sections = results.map((result) => {
    const { title, description } = result.workload;
    return [
      `### ${title}`,
      description,
      `![${title}](${chartFile(result)})`,
      result.machine,
      formatResults(result),
      formatGoals(result),
    ].join("\n\n");
  });
  return sections.join("\n\n");
}

function chartFile({ workload }: WorkloadResult): string {
  return `performance/${workload.name}.svg`;
}

function chartOf({ workload: { title, metrics, entrants }, medians }: WorkloadResult): string {
  const panels = metrics.map((metric): ChartPanel => {
    const values = medians.get(metric.key);
    const bars = entrants.flatMap(({ id, name, role }) => {
      const value = values?.get(id);
      return value === undefined ? [] : [{ name, role, value, text: formatValue(value, metric) }];
    });
    return { label: `${metric.label} (less is better)`, bars };
  });
  return barChart(title, panels);
}
