import type { Workload } from "./workload.ts";
import { broadcastBursts, broadcastPaced } from "./workloads/broadcast.ts";
import { formatting } from "./workloads/formatting.ts";
import { grpcToSse } from "./workloads/grpc-to-sse.ts";
import { idle } from "./workloads/idle.ts";
import { manyStreams } from "./workloads/many-streams.ts";
import { oneStream } from "./workloads/one-stream.ts";
import { paced } from "./workloads/paced.ts";
import { shortConnections } from "./workloads/short-connections.ts";

export const workloads: readonly Workload[] = [
  oneStream,
  manyStreams,
  paced,
  idle,
  broadcastPaced,
  broadcastBursts,
  grpcToSse,
  formatting,
  shortConnections,
];
