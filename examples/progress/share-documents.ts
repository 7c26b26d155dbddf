import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import type { GrpcClient } from "@ssewire/adapter-grpc/client";
import { type EventLog, shareSource, sse, type WatchedSource } from "@ssewire/core";
import { type DocumentService, DocumentStatusSchema } from "./gen/documents_pb.ts";
import type { SignalCounts } from "./signal-counts.ts";

export interface SharedDocumentsOptions {
  client: GrpcClient<typeof DocumentService>;
  /** Makes the log of a document: all watchers read it, and those who come back go on in it where they were. */
  openLog: (documentId: string) => EventLog;
  /** Told of the gRPC calls. */
  calls: SignalCounts;
  /** Milliseconds for which a call goes on that nobody watches. @defaultValue 3000 */
  graceMs?: number | undefined;
}

/** However many watch a document, there is one gRPC call. */
export function shareDocuments({
  client,
  openLog,
  calls,
  graceMs = 3_000,
}: SharedDocumentsOptions): (documentId: string) => WatchedSource {
  return shareSource({
    start: (documentId, { lastEventId }) =>
      grpcStreamToSse(
        ({ signal }) => {
          calls.add(documentId, signal);
          // The id of the last event in the log: the call before this one broke there, here or at another BFF.
          return client.streamDocumentProgress({ documentId, after: Number(lastEventId ?? 0) }, { signal });
        },
        // What the browser gets is decided here. The bigint leaves as a string, as ProtoJSON has it.
        ({ sequence, percent, status, message, bytesProcessed }) =>
          sse(
            { percent, status: DocumentStatusSchema.value[status]?.localName, message, bytesProcessed },
            { id: `${sequence}` },
          ),
        // The service may be restarting.
        { retry: { maxAttempts: 3 } },
      ),
    log: openLog,
    // Longer than a page takes to load again, or a browser to reconnect.
    graceMs,
  });
}
