import { workloads } from "./workloads.ts";

// The process of one contestant.
const [, , workloadName = "", contestantName = "", address = ""] = process.argv;
const contestant = workloads.find(({ name }) => name === workloadName)?.contestants[contestantName];
if (contestant === undefined) throw new RangeError(`There is no contestant "${contestantName}" in "${workloadName}"`);

const { work, close } = await contestant(address);
await work();
const before = process.cpuUsage();
const units = await work();
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / units);
close();
process.disconnect();
