import { setTimeout as wait } from "node:timers/promises";
import type { Broadcasting } from "../contestant.ts";
import { type Entrant, limits, ours, peers, SSEWIRE } from "../entrants.ts";
import type { Goal } from "../goals.ts";
import { progress } from "../ready-events.ts";
import type { Workload } from "../workload.ts";

const READERS = 1_000;
const PAUSE_MS = 20;

const joinedOnce: Entrant = {
  id: "joined",
  name: "node:http, joined once for all",
  role: "limit",
  load: async () => (await import("../contestants/node-http-joined.ts")).nodeHttpJoined,
};

interface BroadcastSizes {
  /** Events at a time. */
  readonly burst: number;
  readonly bursts: number;
  readonly warmUpBursts: number;
}

function broadcast(
  details: Pick<Workload, "name" | "title" | "description" | "goals">,
  { burst, bursts, warmUpBursts }: BroadcastSizes,
): Workload {
  return {
    ...details,
    metrics: [{ key: "cpu", label: "CPU per delivery", unit: "µs" }],
    entrants: [...limits, joinedOnce, ...peers, ...ours],
    async serve({ serveBroadcast }) {
      if (serveBroadcast === undefined) throw new Error("This contestant has no broadcast");
      const { port, send } = await serveBroadcast();
      return { port, commands: { send: (count: number) => sendBursts(send, burst, count) } };
    },
    async measure({ isSmoke, port, server, client }) {
      const readers = isSmoke ? 5 : READERS;
      await client.hold({ port, streams: readers });
      const deliver = async (count: number, parsed: boolean): Promise<string> => {
        await client.restart(parsed);
        await server("send", count);
        const { digest } = await client.receive(count * burst);
        return digest;
      };
      const parsed = await deliver(isSmoke ? 2 : warmUpBursts, true);
      const count = isSmoke ? 2 : bursts;
      await server("startCpu");
      const counted = await deliver(count, false);
      const cpuUs = await server("stopCpu");
      await client.release();
      return { figures: { cpu: cpuUs / (readers * count * burst) }, digest: `${parsed} ${counted}` };
    },
  };
}

async function sendBursts(send: Broadcasting["send"], burst: number, count: number): Promise<void> {
  for (let sequence = 0; sequence < burst * count; ) {
    await wait(PAUSE_MS);
    for (let event = 0; event < burst; event++) send(progress(++sequence));
  }
}

const against = (id: string, atLeast: number): Goal => ({ metric: "cpu", of: SSEWIRE, against: id, atLeast });

export const broadcastPaced: Workload = broadcast(
  {
    name: "broadcast",
    title: "One event at a time to 1,000 readers",
    description: `An event every ${PAUSE_MS} ms. Whoever can encodes it once for all; ssewire does so in a MemoryEventLog.`,
    goals: [against("better-sse", 1.4), against("write", 1.15)],
  },
  { burst: 1, bursts: 75, warmUpBursts: 25 },
);

export const broadcastBursts: Workload = broadcast(
  {
    name: "broadcast-bursts",
    title: "Ten events at a time to 1,000 readers",
    description: `The same in bursts of ten, each made within one turn of the event loop, every ${PAUSE_MS} ms.`,
    goals: [against("better-sse", 4.5), against("coalesced", 1.6)],
  },
  { burst: 10, bursts: 30, warmUpBursts: 10 },
);
