import { broadcastBursts, broadcastPaced } from "./broadcast.ts";
import { grpcRead } from "./grpc-read.ts";
import type { Workload } from "./workload.ts";

export const workloads: readonly Workload[] = [grpcRead, broadcastPaced, broadcastBursts];
