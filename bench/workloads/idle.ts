import { setTimeout as wait } from "node:timers/promises";
import { limits, ours, peers, SSEWIRE, ssewireWithoutRequest } from "../entrants.ts";
import type { Workload } from "../workload.ts";

const STREAMS = 5_000;
const HEARTBEAT_MS = 1_000;
const KIB = 1_024;

export const idle: Workload = {
  name: "idle",
  title: "5,000 idle streams",
  description:
    `Nothing is sent but a comment every ${HEARTBEAT_MS} ms on each, by the library's own heartbeat where it has one and a ` +
    "timer per stream where it has none. The heap is what the garbage collector leaves, with the streams open and after " +
    "they were closed, against what it was before.",
  metrics: [
    { key: "cpu", label: "CPU per heartbeat", unit: "µs" },
    { key: "heap", label: "heap per connection", unit: "KiB" },
    { key: "left", label: "left after closing", unit: "KiB" },
  ],
  entrants: [...limits.slice(0, 1), ...peers, ...ours, ssewireWithoutRequest],
  goals: [
    { metric: "heap", of: SSEWIRE, against: "write", atMost: 1 },
    { metric: "cpu", of: SSEWIRE, against: "write", atMost: 0.8 },
    { metric: "left", of: SSEWIRE, atMostValue: 0.5 },
  ],
  async serve({ serveHeartbeats }, { isSmoke }) {
    if (serveHeartbeats === undefined) throw new Error("This contestant has no heartbeats");
    return serveHeartbeats(isSmoke ? 50 : HEARTBEAT_MS);
  },
  async measure({ isSmoke, port, server, client }) {
    const streams = isSmoke ? 5 : STREAMS;
    // What is made once, and code that is compiled, is there from now on.
    await client.hold({ port, streams: isSmoke ? 5 : 500 });
    await client.release();
    const before = await server("weigh");
    await client.hold({ port, streams });
    // All have had their first one.
    while ((await client.countComments()) < streams) await wait(10);
    await wait(isSmoke ? 50 : HEARTBEAT_MS);
    const comments = await client.countComments();
    await server("startCpu");
    await wait(isSmoke ? 200 : 2 * HEARTBEAT_MS);
    const cpuUs = await server("stopCpu");
    const heartbeats = (await client.countComments()) - comments;
    const open = await server("weigh");
    await client.release();
    const closed = await server("weigh");
    if (heartbeats < streams) throw new Error(`Only ${heartbeats} heartbeats came on ${streams} streams`);
    return {
      figures: {
        cpu: cpuUs / heartbeats,
        heap: (open - before) / KIB / streams,
        left: (closed - before) / KIB / streams,
      },
      digest: "",
    };
  },
};
