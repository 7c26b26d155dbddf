import { readFile, writeFile } from "node:fs/promises";
import { SSEWIRE } from "../entrants.ts";
import type { WorkloadResult } from "../workload-result.ts";
import { alignTable } from "./align-table.ts";
import { formatValue } from "./format-value.ts";
import { replaceResults } from "./performance-page.ts";

/** Seen from `bench/dist`. */
const readme = new URL("../../README.md", import.meta.url);

/** The limit that one would write first. */
const BY_HAND = "write";

const HEAD = ["CPU time, less is better", "ssewire", "node:http by hand", "×", "best peer", "×", "which"];

/** Writes the short table of the same run into the README, between its markers. */
export async function writeReadme(results: readonly WorkloadResult[]): Promise<void> {
  const text = await readFile(readme, "utf8");
  await writeFile(readme, replaceResults(text, readmeResults(results), "README.md"));
}

export function readmeResults(results: readonly WorkloadResult[]): string {
  return [
    alignTable([HEAD, ...results.map(rowOf)], new Set([0, 6])),
    `${[...new Set(results.map(({ machine }) => machine))].join("\n")}\n"×" is how many times that of ssewire it is. The rest is in [Performance](docs/performance.md).`,
  ].join("\n\n");
}

/** The first metric of a workload: ssewire, what is written by hand, and the peer that comes nearest. */
function rowOf({ workload: { title, metrics, entrants }, medians }: WorkloadResult): string[] {
  const [metric] = metrics;
  const values = metric && medians.get(metric.key);
  const own = values?.get(SSEWIRE);
  if (metric === undefined || own === undefined) throw new RangeError(`"${title}" has no figure for "${SSEWIRE}"`);
  const show = (value: number | undefined): [value: string, ratio: string] =>
    value === undefined ? ["-", ""] : [formatValue(value, metric), (value / own).toFixed(2)];
  const peers = entrants.flatMap(({ id, name, role }) => {
    const value = values?.get(id);
    return role !== "peer" || value === undefined ? [] : [{ name, value }];
  });
  const [best] = peers.toSorted((one, other) => one.value - other.value);
  const [ownValue] = show(own);
  const label = `${title}: ${metric.label.replace(/^CPU /, "")}`;
  return [label, ownValue, ...show(values?.get(BY_HAND)), ...show(best?.value), best?.name ?? ""];
}
