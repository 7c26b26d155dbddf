import { formatTable } from "./format-table.ts";
import { measure } from "./measure.ts";
import { workloads } from "./workloads.ts";

// CPU time per unit of work, each contestant in a process of its own, all of them in turn, round after round: what the
// machine does meanwhile hits all alike. Only the ratios mean anything. ROUNDS and WORKLOAD choose.
const rounds = Number(process.env["ROUNDS"] ?? 7);
const only = process.env["WORKLOAD"];

for (const workload of workloads) {
  if (only !== undefined && only !== workload.name) continue;
  process.stdout.write(`${workload.title}\n\n${formatTable(workload, await measure(workload, rounds))}\n\n`);
}
