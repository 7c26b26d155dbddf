import { type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { type DocumentProgress, DocumentService } from "../../examples/progress/gen/documents_pb.ts";
import type { Contestant, Feed } from "../contestant.ts";
import { ours } from "../entrants.ts";
import type { Progress } from "../ready-events.ts";
import type { ServeContext, Served } from "../workload.ts";

/** Serves feeds of as many gRPC messages as the command `events` says; `read` only reads them. */
export async function serveGrpc(contestant: Contestant, { entrantId, address }: ServeContext): Promise<Served> {
  const client = createGrpcClient(DocumentService, address, { credentials: credentials.createInsecure() });
  let count = 0;
  const call = (signal?: AbortSignal): ClientReadableStream<DocumentProgress> =>
    client.streamDocumentProgress({ after: count }, { signal });
  const byHand: Feed<DocumentProgress> = { open: () => call(), toData };
  const withAdapter: Feed<Progress> = { open: () => grpcStreamToSse(({ signal }) => call(signal), toData) };
  const { port } = ours.some(({ id }) => id === entrantId)
    ? await contestant.serveFeed(withAdapter)
    : await contestant.serveFeed(byHand);
  return {
    port,
    commands: {
      events(events: number) {
        count = events;
      },
      read: () => readAll(call(), count),
    },
  };
}

function toData({ percent, message, sequence }: DocumentProgress): Progress {
  return { percent, message, sequence };
}

/** A loop over `read()`: backpressure, every message, the failure if there is one, and no more. */
function readAll(stream: ClientReadableStream<DocumentProgress>, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let read = 0;
    stream.on("readable", () => {
      while (stream.read() !== null) read++;
    });
    stream.on("end", () => {
      if (read === count) resolve();
      else reject(new Error(`${read} of ${count} messages arrived`));
    });
    stream.on("error", reject);
  });
}
