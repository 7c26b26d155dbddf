import { type Entrant, limits, ours, peers, SSEWIRE } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import { WorkerProcess } from "../worker-process.ts";
import type { Workload } from "../workload.ts";
import { CPU_PER_EVENT } from "./ready-streams.ts";

/** Nobody can be faster than this who uses the same gRPC client. */
const readingOnly: Entrant = {
  id: "reading-only",
  name: "reading the gRPC stream, no SSE",
  role: "limit",
  load: async () => (await import("../contestants/node-http.ts")).nodeHttp,
};

export const grpcToSse: Workload = {
  name: "grpc-to-sse",
  title: "100,000 messages from gRPC to SSE",
  description:
    "A gRPC server in a process of its own streams protobuf messages as fast as it is let; the process that is measured " +
    "reads them with grpc-js and protobuf-es and sends an event for each. By hand that is `for await` over the call. " +
    "ssewire reads the call with `grpcStreamToSse`.",
  metrics: [{ ...CPU_PER_EVENT, label: "CPU per message" }],
  entrants: [readingOnly, ...limits, ...peers, ...ours],
  goals: [
    { metric: "cpu", of: SSEWIRE, against: BEST_PEER, atLeast: 1.9 },
    { metric: "cpu", of: SSEWIRE, against: readingOnly.id, atMost: 1.1 },
  ],
  async prepare() {
    const server = new WorkerProcess("flood-server.js");
    return { address: await server.ask<string>("address"), close: () => server.close() };
  },
  async serve(contestant, context) {
    // Only here, as what it imports is large.
    const { serveGrpc } = await import("./serve-grpc.ts");
    return serveGrpc(contestant, context);
  },
  async measure({ entrantId, isSmoke, port, server, client }) {
    const read = async (events: number, parsed: boolean): Promise<string> => {
      await server("events", events);
      await server("startCpu");
      if (entrantId === readingOnly.id) {
        await server("read");
        return "";
      }
      const { digest } = await client.read({ port, streams: 1, concurrency: 1, events, parsed });
      return digest;
    };
    const parsed = await read(isSmoke ? 20 : 20_000, true);
    const events = isSmoke ? 40 : 100_000;
    const counted = await read(events, false);
    const cpuUs = await server("stopCpu");
    return { figures: { cpu: cpuUs / events }, digest: `${parsed} ${counted}`.trim() };
  },
};
