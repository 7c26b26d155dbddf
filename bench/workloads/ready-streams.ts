import type { Contestant } from "../contestant.ts";
import { readyEvents } from "../ready-events.ts";
import type { Metric, Served, Workload } from "../workload.ts";

export const CPU_PER_EVENT: Metric = { key: "cpu", label: "CPU per event", unit: "µs" };

export interface ReadSizes {
  readonly streams: number;
  /** How many of the streams at a time. */
  readonly concurrency: number;
  /** How many events each stream has. */
  readonly events: number;
}

const SMOKE_SIZES: ReadSizes = { streams: 4, concurrency: 2, events: 20 };

/** Serves feeds of ready events, as many as the command `events` says. */
export async function serveReadyEvents(contestant: Contestant): Promise<Served> {
  let count = 0;
  const { port } = await contestant.serveFeed({ open: () => readyEvents(count) });
  return {
    port,
    commands: {
      events(events: number) {
        count = events;
      },
    },
  };
}

/**
 * Reads streams to their ends: a few to warm up, each event of which is parsed, then those that are measured.
 *
 * @param unitsOf - What the CPU time is divided by; the number of events unless given.
 */
export function measureReadyStreams(
  warmUp: ReadSizes,
  measured: ReadSizes,
  unitsOf: (sizes: ReadSizes) => number = ({ streams, events }) => streams * events,
): Workload["measure"] {
  return async ({ isSmoke, port, server, client }) => {
    const first = isSmoke ? SMOKE_SIZES : warmUp;
    await server("events", first.events);
    const parsed = await client.read({ port, ...first, parsed: true });
    const sizes = isSmoke ? SMOKE_SIZES : measured;
    await server("events", sizes.events);
    await server("startCpu");
    const counted = await client.read({ port, ...sizes, parsed: false });
    const cpuUs = await server("stopCpu");
    return { figures: { cpu: cpuUs / unitsOf(sizes) }, digest: `${parsed.digest} ${counted.digest}` };
  };
}
