import { formatTable } from "./format-table.ts";
import { grpcRead } from "./grpc-read.ts";
import { measure } from "./measure.ts";

// CPU time per unit of work, each contestant in a process of its own, all of them in turn, round after round: what the
// machine does meanwhile hits all alike. Only the ratios mean anything.
const rounds = Number(process.env["ROUNDS"] ?? 7);

for (const workload of [grpcRead]) {
  process.stdout.write(`${workload.title}\n\n${formatTable(workload, await measure(workload, rounds))}\n\n`);
}
