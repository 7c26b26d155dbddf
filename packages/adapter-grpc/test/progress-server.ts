import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { credentials, Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { createGrpcClient, type GrpcClient, type GrpcServiceImplementation, serviceDefinition } from "../src/client.ts";
import { ProgressService, type WatchRequest, type WatchResponseSchema } from "./gen/ssewire/test/v1/progress_pb.ts";

/** The server's side of a `Watch` call. */
export type WatchCall = ServerWritableStream<WatchRequest, MessageInitShape<typeof WatchResponseSchema>>;

export type ProgressClient = GrpcClient<typeof ProgressService>;

export interface ProgressServer {
  readonly address: string;
  readonly client: ProgressClient;
  /** Drops all connections. */
  shutDown(): void;
  /** Resolves once the server has heard everything the client has sent it before. */
  barrier(): Promise<void>;
  /** How many `Watch` calls have reached the server. */
  watchCount(): number;
  /** Resolves when all of them that have reached the server are cancelled. */
  allCancelled(): Promise<void>;
}

/** A real gRPC server on a free port and a client for it, both gone when the test is. */
export async function serveProgress(watch: (call: WatchCall) => void): Promise<ProgressServer> {
  const cancellations: Promise<void>[] = [];
  const implementation: GrpcServiceImplementation<typeof ProgressService> = {
    get(call, respond) {
      respond(null, { percent: call.request.task.length });
    },
    watch(call) {
      cancellations.push(cancelled(call));
      watch(call);
    },
    upload(_call, respond) {
      respond(null, {});
    },
    chat(call) {
      call.end();
    },
  };
  const server = new Server();
  server.addService(serviceDefinition(ProgressService), implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const address = `127.0.0.1:${port}`;
  const client = connect(address);
  onTestFinished(() => server.forceShutdown());

  return {
    address,
    client,
    shutDown: () => server.forceShutdown(),
    async barrier() {
      // What a call makes in its first tick, and what `cancelCall` does in the next turn, is sent by now.
      await nextTurn();
      await client.get({});
    },
    watchCount: () => cancellations.length,
    async allCancelled() {
      await Promise.all(cancellations);
    },
  };
}

/** A client that is closed when the test is finished. */
export function connect(address: string): ProgressClient {
  const client = createGrpcClient(ProgressService, address, {
    credentials: credentials.createInsecure(),
    // Or a second client for the same address shares the first one's connection, and no channel is ever cold.
    channelOptions: { "grpc.use_local_subchannel_pool": 1 },
  });
  onTestFinished(() => client.close());
  return client;
}

/** Resolves when the server is told that the client has cancelled the call. */
export function cancelled(call: WatchCall): Promise<void> {
  return new Promise((resolve) => call.once("cancelled", resolve));
}

/** Resolves when a client's call has its status, OK or not. */
export function statusOf(call: { once(event: "status", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => call.once("status", () => resolve()));
}

/** Writes messages for ever, or `count` of them and then ends, as fast as flow control allows. */
export function flood(call: WatchCall, options: { count?: number } = {}): { written(): number } {
  const { count = Number.POSITIVE_INFINITY } = options;
  const payload = new Uint8Array(1024);
  let percent = 0;
  const write = (): void => {
    while (!call.cancelled && percent < count) {
      if (!call.write({ percent: percent++, payload })) {
        call.once("drain", write);
        return;
      }
    }
    call.end();
  };
  write();
  return { written: () => percent };
}

/** Fails a call with a status, once everything written to it has been handed to HTTP/2. */
export function fail(call: WatchCall, code: number, details: string): void {
  call.emit("error", { code, details });
}
