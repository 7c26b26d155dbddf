import { measure } from "./measure.ts";
import { formatGoals } from "./report/format-goals.ts";
import { formatResults } from "./report/format-results.ts";
import { keepResults } from "./report/kept-results.ts";
import { machineLine } from "./report/machine-line.ts";
import { writePage } from "./report/performance-page.ts";
import { writeReadme } from "./report/readme-table.ts";
import { readSettings } from "./settings.ts";
import { selectEntrants } from "./workload.ts";
import { evaluate, type WorkloadResult } from "./workload-result.ts";
import { workloads } from "./workloads.ts";

// CPU time of the server's process per unit of work. Only the ratios mean anything: they were measured in turn.
const { rounds, names, entrantIds, isSmoke } = readSettings(process.env, {
  names: workloads.map(({ name }) => name),
  entrantIds: [...new Set(workloads.flatMap(({ entrants }) => entrants.map(({ id }) => id)))],
});
const isSelection = entrantIds.length > 0;
const print = (text: string): void => void process.stdout.write(`${text}\n\n`);

const machine = machineLine(rounds);
print(machine);
const results: WorkloadResult[] = [];
for (const each of workloads) {
  if (names.length > 0 && !names.includes(each.name)) continue;
  const workload = isSelection ? selectEntrants(each, entrantIds) : each;
  const result = evaluate(workload, await measure(workload, { rounds, isSmoke }), machine);
  results.push(result);
  print(`## ${workload.title} (${workload.name})`);
  print(formatResults(result));
  // Those of a smoke test mean nothing.
  if (!isSmoke && !isSelection) print(formatGoals(result));
}
if (isSmoke) print("It works. These figures mean nothing.");
else if (rounds < 5 || isSelection) {
  print("docs/performance.md and README.md are left as they are: they take 5 rounds, and all contestants.");
} else {
  const all = await keepResults(results);
  await writePage(all);
  await writeReadme(all);
}
