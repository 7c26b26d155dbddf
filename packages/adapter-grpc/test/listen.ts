import { credentials, Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import {
  createGrpcClient,
  type GrpcClientOptions,
  type GrpcServiceImplementation,
  serviceDefinition,
} from "../src/client.ts";
import { ProgressService } from "./gen/ssewire/test/v1/progress_pb.ts";
import type { ProgressClient } from "./progress-server.ts";

/** A real gRPC server on a free port whose options and methods the test chooses. Gone when the test is. */
export async function listen(
  methods: Partial<GrpcServiceImplementation<typeof ProgressService>>,
  options: ServerOptions = {},
): Promise<string> {
  const server = new Server(options);
  const implementation: GrpcServiceImplementation<typeof ProgressService> = {
    get: (call, respond) => respond(null, { percent: call.request.task.length }),
    watch: (call) => call.end(),
    upload: (_call, respond) => respond(null, {}),
    chat: (call) => call.end(),
    ...methods,
  };
  server.addService(serviceDefinition(ProgressService), implementation);
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}

/** A client with options of the test's, with a connection of its own, closed when the test is finished. */
export function connectWith(address: string, options: Omit<GrpcClientOptions, "credentials"> = {}): ProgressClient {
  const client = createGrpcClient(ProgressService, address, {
    ...options,
    credentials: credentials.createInsecure(),
    channelOptions: { "grpc.use_local_subchannel_pool": 1, ...options.channelOptions },
  });
  onTestFinished(() => client.close());
  return client;
}
