import { grpcRead } from "./grpc-read.ts";
import type { Workload } from "./workload.ts";

// The process of one contestant: warms up with one run, measures another.
const workloads: readonly Workload[] = [grpcRead];
const [, , workloadName = "", contestantName = "", address = ""] = process.argv;
const run = workloads.find(({ name }) => name === workloadName)?.contestants[contestantName];
if (run === undefined) throw new RangeError(`There is no contestant "${contestantName}" in "${workloadName}"`);

await run(address);
const before = process.cpuUsage();
const units = await run(address);
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / units);
process.disconnect();
