import { limits, ours, peers, SSEWIRE, ssewireCompiled } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import type { Workload } from "../workload.ts";
import { CPU_PER_EVENT, measureReadyStreams, serveReadyEvents } from "./ready-streams.ts";

export const oneStream: Workload = {
  name: "one-stream",
  title: "One stream of 200,000 ready events",
  description:
    "The source is an async iterator that never waits, and an event is 100 bytes on the wire: what the machinery costs " +
    "when nothing but the machinery takes time.",
  metrics: [CPU_PER_EVENT],
  entrants: [...limits, ...peers, ...ours, ssewireCompiled],
  goals: [
    { metric: "cpu", of: SSEWIRE, against: BEST_PEER, atLeast: 3.3 },
    { metric: "cpu", of: SSEWIRE, against: "coalesced", atLeast: 1 },
    { metric: "cpu", of: "ssewire-compiled", against: BEST_PEER, atLeast: 5 },
    { metric: "cpu", of: "ssewire-on-hono", against: BEST_PEER, atLeast: 3 },
    { metric: "cpu", of: "ssewire-on-srvx", against: BEST_PEER, atLeast: 3 },
  ],
  serve: serveReadyEvents,
  measure: measureReadyStreams(
    { streams: 1, concurrency: 1, events: 200_000 },
    { streams: 1, concurrency: 1, events: 200_000 },
  ),
};
