import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { credentials } from "@grpc/grpc-js";
import { GrpcTransport } from "@protobuf-ts/grpc-transport";
import { MessageType, ScalarType } from "@protobuf-ts/runtime";
import { type MethodInfo, ServiceType, stackIntercept } from "@protobuf-ts/runtime-rpc";
import { createChannel, createClient as createNiceClient } from "nice-grpc";
import { onTestFinished } from "vitest";
import { serviceDefinition } from "../src/client.ts";
import { ProgressService, WatchResponseSchema } from "./gen/ssewire/test/v1/progress_pb.ts";

/** Opens `Watch` as users of a client library do. Connect and nice-grpc make the call when it is iterated. */
export type Watch = (
  request: { task?: string; count?: number },
  options: { signal: AbortSignal },
) => AsyncIterable<{ percent: number }>;

/** `Watch` through nice-grpc. Its channel is closed when the test is finished. */
function niceGrpcWatch(address: string): Watch {
  const channel = createChannel(address, credentials.createInsecure());
  onTestFinished(() => channel.close());
  const client = createNiceClient(niceService, channel);
  return (request, { signal }) => client.watch(request, { signal });
}

/** `Watch` through Connect's gRPC transport, which is node:http2. Its connection is dropped when the test is finished. */
function connectWatch(address: string): Watch {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  onTestFinished(() => sessionManager.abort());
  const client = createClient(ProgressService, createGrpcTransport({ baseUrl, sessionManager }));
  return (request, { signal }) => client.watch(request, { signal });
}

/** `Watch` through protobuf-ts' gRPC transport, which is grpc-js. Its channel is closed when the test is finished. */
function protobufTsWatch(address: string): Watch {
  const transport = new GrpcTransport({ host: address, channelCredentials: credentials.createInsecure() });
  onTestFinished(() => transport.close());
  // What the client that its plugin generates does.
  return (request, { signal }) => {
    const input = watchRequest.create(request);
    return stackIntercept<WatchRequest, WatchResponse>(
      "serverStreaming",
      transport,
      watchMethod,
      transport.mergeOptions({ abort: signal }),
      input,
    ).responses;
  };
}

/** Every client library besides grpc-js, by name. */
export const otherClients: readonly (readonly [name: string, watch: (address: string) => Watch])[] = [
  ["nice-grpc", niceGrpcWatch],
  ["Connect", connectWatch],
  ["protobuf-ts", protobufTsWatch],
];

/** What nice-grpc wants to know at compile time. */
const niceService = {
  watch: {
    ...serviceDefinition(ProgressService).watch,
    requestStream: false,
    responseStream: true,
    responseDeserialize: (bytes: Uint8Array) => fromBinary(WatchResponseSchema, bytes),
    options: {},
  },
} as const;

interface WatchRequest {
  task: string;
  count: number;
}

interface WatchResponse {
  percent: number;
}

const watchRequest = new MessageType<WatchRequest>("ssewire.test.v1.WatchRequest", [
  { no: 1, name: "task", kind: "scalar", T: ScalarType.STRING },
  { no: 2, name: "count", kind: "scalar", T: ScalarType.INT32 },
]);

const watchResponse = new MessageType<WatchResponse>("ssewire.test.v1.WatchResponse", [
  { no: 1, name: "percent", kind: "scalar", T: ScalarType.INT32 },
]);

const service = new ServiceType("ssewire.test.v1.ProgressService", [
  { name: "Watch", serverStreaming: true, options: {}, I: watchRequest, O: watchResponse },
]);

const watchMethod: MethodInfo<WatchRequest, WatchResponse> = service.methods[0] ?? never();

function never(): never {
  throw new Error("the service has a method");
}
