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

/** Each stream has timers of its own, and none is in step with another. */
async function* pacedEvents(count: number): AsyncGenerator<TimedProgress> {
  await wait(Math.random() * INTERVAL_MS);
  for (let sequence = 1; sequence <= count; sequence++) {
    if (sequence > 1) await wait(INTERVAL_MS);
    yield { ...progress(sequence), sentAtUs: Number(process.hrtime.bigint() / 1_000n) };
  }
}

export const paced: Workload = {
  name: "paced",
  title: `${STREAMS} streams of ${1_000 / INTERVAL_MS} events per second`,
  description:
    "Events come alone, so that each is a write of its own whoever sends it. The cost of the timer and of waking up is in it " +
    "for everybody. The latency is from when the source made the event until the client had parsed it.",
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
  async serve(contestant) {
    let count = 0;
    const { port } = await contestant.serveFeed({ open: () => pacedEvents(count) });
    return {
      port,
      commands: {
        events(events: number) {
          count = events;
        },
      },
    };
  },
  async measure({ isSmoke, port, server, client }) {
    const streams = isSmoke ? 4 : STREAMS;
    const read = async (events: number): ReturnType<typeof client.read> => {
      await server("events", events);
      await server("startCpu");
      return client.read({ port, streams, concurrency: streams, events, parsed: true });
    };
    await read(isSmoke ? 2 : 20);
    const events = isSmoke ? 3 : 50;
    const { digest, latency } = await read(events);
    const cpuUs = await server("stopCpu");
    if (latency === undefined) throw new Error("No event said when it was made");
    return { figures: { cpu: cpuUs / (streams * events), p50: latency.p50, p99: latency.p99 }, digest };
  },
};
