/** What a user writes first; compiled, then run. */
export const consumer = `
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create, type DescService } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { credentials } from "@grpc/grpc-js";
import { GrpcStreamError, grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { decodeStatusDetails, jsonEvent } from "@ssewire/adapter-grpc/protobuf";
import { toNodeHandler } from "@ssewire/adapter-node";
import { RedisEventLogs } from "@ssewire/adapter-redis";
import { SSEManager, shareSource, sse } from "@ssewire/core";
import type { RedisClientType } from "redis";

export const share = (client: RedisClientType) =>
  shareSource({ start: source, log: (key) => new RedisEventLogs({ client }).log<{ percent: number }>(key) });

async function* source(): AsyncGenerator<{ percent: number }> {
  yield { percent: 50 };
}

export const connect = (service: DescService) => createGrpcClient(service, "127.0.0.1:50051", { credentials: credentials.createInsecure() });

// @ts-expect-error: the types say what an event type is.
export const wrong = (): Response => SSEManager.createResponse(source(), 1);

const progress = grpcStreamToSse(source(), ({ percent }) => sse({ percent, half: percent < 100 }, { id: "1" }));
const server = createServer(toNodeHandler((request) => SSEManager.createResponse(progress, { eventType: "progress", request })));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(\`http://127.0.0.1:\${port}/\`);
  const details = decodeStatusDetails(new GrpcStreamError({ code: 5, details: "" }));
  const json: string = jsonEvent(TimestampSchema)(create(TimestampSchema));
  process.stdout.write(JSON.stringify([await response.text(), details, json]));
  server.close();
  server.closeAllConnections();
});
`;
