import { limits, ours, peers, SSEWIRE } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import type { Workload } from "../workload.ts";
import { CPU_PER_EVENT, measureReadyStreams, serveReadyEvents } from "./ready-streams.ts";

export const manyStreams: Workload = {
  name: "many-streams",
  title: "100 streams of 5,000 ready events at a time",
  description: "The same events, but on 100 connections at once, which have to share the event loop.",
  metrics: [CPU_PER_EVENT],
  entrants: [...limits, ...peers, ...ours],
  goals: [
    { metric: "cpu", of: SSEWIRE, against: BEST_PEER, atLeast: 3 },
    { metric: "cpu", of: SSEWIRE, against: "coalesced", atLeast: 0.95 },
  ],
  serve: serveReadyEvents,
  measure: measureReadyStreams(
    { streams: 10, concurrency: 10, events: 5_000 },
    { streams: 100, concurrency: 100, events: 5_000 },
  ),
};
