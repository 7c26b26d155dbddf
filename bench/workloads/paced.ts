import { EventEmitter, once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { limits, ours, peers, SSEWIRE } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import { type Progress, progress } from "../ready-events.ts";
import type { Workload } from "../workload.ts";
import { CPU_PER_EVENT } from "./ready-streams.ts";

const STREAMS = 200;
const INTERVAL_MS = 50;

interface TimedProgress extends Progress {
  /** By the clock that all processes of a machine share, in microseconds. */
  readonly sentAtUs: number;
}

/** Each stream has timers of its own, and none is in step with another. After each lot it waits for the next to be wanted. */
async function* pacedEvents(lots: EventEmitter, firstLot: number): AsyncGenerator<TimedProgress> {
  let sequence = 0;
  for (let count = firstLot; ; [count] = await once(lots, "wanted")) {
    await wait(Math.random() * INTERVAL_MS);
    for (const end = sequence + count; sequence < end; ) {
      yield { ...progress(++sequence), sentAtUs: Number(process.hrtime.bigint() / 1_000n) };
      if (sequence < end) await wait(INTERVAL_MS);
    }
  }
}

export const paced: Workload = {
  name: "paced",
  title: `${STREAMS} streams of ${1_000 / INTERVAL_MS} events per second`,
  description:
    "Events come alone, so that each is a write of its own whoever sends it. The cost of the timer and of waking up is in it " +
    "for everybody. The latency is from when the source made the event until the client had parsed it. The streams were opened before.",
  metrics: [
    CPU_PER_EVENT,
    { key: "p50", label: "median latency", unit: "ms" },
    { key: "p99", label: "p99 latency", unit: "ms" },
  ],
  entrants: [...limits, ...peers, ...ours],
  goals: [
    { metric: "cpu", of: SSEWIRE, against: BEST_PEER, atLeast: 1.5 },
    { metric: "cpu", of: SSEWIRE, against: "write", atLeast: 1.1 },
    { metric: "p99", of: SSEWIRE, against: "write", atMost: 1 },
  ],
  async serve(contestant, { isSmoke }) {
    const lots = new EventEmitter().setMaxListeners(STREAMS);
    const { port } = await contestant.serveFeed({ open: () => pacedEvents(lots, warmUpEvents(isSmoke)) });
    return { port, commands: { send: (count: number) => void lots.emit("wanted", count) } };
  },
  async measure({ isSmoke, port, server, client }) {
    const streams = isSmoke ? 4 : STREAMS;
    const events = isSmoke ? 3 : 50;
    await client.hold({ port, streams });
    const warmUp = await client.receive(warmUpEvents(isSmoke));
    await client.restart(true);
    await server("startCpu");
    await server("send", events);
    const { digest, latency } = await client.receive(events);
    const cpuUs = await server("stopCpu");
    await client.release();
    if (latency === undefined) throw new Error("No event said when it was made");
    const figures = { cpu: cpuUs / (streams * events), p50: latency.p50, p99: latency.p99 };
    return { figures, digest: `${warmUp.digest} ${digest}` };
  },
};

/** Each stream sends them as soon as it is open. */
function warmUpEvents(isSmoke: boolean): number {
  return isSmoke ? 2 : 20;
}
