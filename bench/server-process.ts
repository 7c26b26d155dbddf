import { answerCommands } from "./worker-process.ts";
import { workloads } from "./workloads.ts";

// The process of one contestant.
const [, , workloadName = "", entrantId = "", address = "", mode = ""] = process.argv;
const workload = workloads.find(({ name }) => name === workloadName);
const entrant = workload?.entrants.find(({ id }) => id === entrantId);
if (workload === undefined || entrant === undefined) {
  throw new RangeError(`There is no contestant "${entrantId}" in "${workloadName}"`);
}

const { port = 0, commands = {} } = await workload.serve(await entrant.load(), {
  entrantId,
  address,
  isSmoke: mode === "smoke",
});

let before = process.cpuUsage();
answerCommands({
  ...commands,
  port: () => port,
  startCpu() {
    before = process.cpuUsage();
  },
  /** Microseconds of CPU since then, of all threads: collecting garbage and compiling count. */
  stopCpu() {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  },
  /** Bytes on the heap that something holds. */
  async weigh() {
    // What was closed is let go of in several turns.
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return process.memoryUsage().heapUsed;
  },
});
