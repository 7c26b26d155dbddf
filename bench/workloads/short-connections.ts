import { limits, ours, peers, SSEWIRE, ssewireWithoutRequest } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import type { Workload } from "../workload.ts";
import { measureReadyStreams, serveReadyEvents } from "./ready-streams.ts";

const EVENTS = 10;

export const shortConnections: Workload = {
  name: "short-connections",
  title: "2,000 short connections",
  description: `Each is a TCP connection of its own with one request, ${EVENTS} ready events and the end; 50 are open at a time.`,
  metrics: [{ key: "cpu", label: "CPU per connection", unit: "µs" }],
  entrants: [...limits, ...peers, ...ours, ssewireWithoutRequest],
  goals: [
    { metric: "cpu", of: SSEWIRE, against: BEST_PEER, atLeast: 1.3 },
    { metric: "cpu", of: SSEWIRE, against: "write", atLeast: 1 },
  ],
  serve: serveReadyEvents,
  measure: measureReadyStreams(
    { streams: 4_000, concurrency: 50, events: EVENTS },
    { streams: 2_000, concurrency: 50, events: EVENTS },
    ({ streams }) => streams,
  ),
};
