import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { type DocumentProgress, DocumentService } from "../examples/progress/gen/documents_pb.ts";
import type { Contestant, Workload } from "./workload.ts";

const MESSAGES = 100_000;

/** Reads a gRPC stream to its end, and does nothing with the messages. */
export const grpcRead: Workload = {
  name: "grpc-read",
  title: `Reading ${MESSAGES.toLocaleString("en")} gRPC messages (the reader's process)`,
  unit: "message",
  contestants: {
    "a loop over read() on 'readable'": withCall(readLoop),
    "for await over the call": withCall(async (call) => {
      let count = 0;
      for await (const _message of call) count++;
      return count;
    }),
    grpcStreamToSse: withCall(async (call) => {
      let count = 0;
      for await (const _sequence of grpcStreamToSse(call, (message) => message.sequence)) count++;
      return count;
    }),
  },
  async prepare() {
    const server = fork(fileURLToPath(new URL("flood-server.js", import.meta.url)));
    const [address] = await once(server, "message");
    return { address: String(address), close: () => server.disconnect() };
  },
};

function withCall(read: (call: ClientReadableStream<DocumentProgress>) => Promise<number>): Contestant {
  return async (address) => {
    const client = createGrpcClient(DocumentService, address, { credentials: credentials.createInsecure() });
    return {
      async work() {
        const count = await read(client.streamDocumentProgress({ after: MESSAGES }));
        if (count !== MESSAGES) throw new Error(`${count} of ${MESSAGES} messages arrived`);
        return count;
      },
      close: () => client.close(),
    };
  };
}

/** The least that is correct: backpressure, every message, and the failure if there is one. */
function readLoop(call: ClientReadableStream<DocumentProgress>): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    call.on("readable", () => {
      while (call.read() !== null) count++;
    });
    call.on("end", () => resolve(count));
    call.on("error", reject);
  });
}
