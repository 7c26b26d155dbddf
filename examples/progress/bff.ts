import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { type SourceContext, SSEManager, sse } from "@ssewire/core";
import { type Log, streamLogger } from "./console-log.ts";
import { DocumentService, DocumentStatusSchema } from "./gen/documents_pb.ts";

const page = readFileSync(new URL("./index.html", import.meta.url), "utf8");
const progressPath = /^\/documents\/([^/]+)\/progress$/;

export interface Bff {
  fetch(request: Request): Response;
  close(): void;
}

/**
 * The backend for the frontend: the page, and the progress of a document as an event stream.
 *
 * @param documentService - Host and port of the gRPC server.
 */
export function createBff(documentService: string, log: Log): Bff {
  const client = createGrpcClient(DocumentService, documentService, { credentials: credentials.createInsecure() });
  const manager = new SSEManager({ heartbeatMs: 5_000, stopReconnect: true });

  function streamProgress(documentId: string, request: Request): Response {
    const progress = ({ lastEventId }: SourceContext) =>
      grpcStreamToSse(
        // A browser that comes back goes on where it was, whatever broke in between.
        ({ signal }) => client.streamDocumentProgress({ documentId, after: sequenceOf(lastEventId) }, { signal }),
        // What the browser gets is decided here. The bigint leaves as a string, as ProtoJSON has it.
        ({ sequence, percent, status, message, bytesProcessed }) =>
          sse(
            { percent, status: DocumentStatusSchema.value[status]?.localName, message, bytesProcessed },
            { id: `${sequence}` },
          ),
        // The service may be restarting.
        { retry: { maxAttempts: 3 } },
      );
    return manager.createResponse(progress, { eventType: "progress", request, logger: streamLogger(log, documentId) });
  }

  function fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    const documentId = progressPath.exec(pathname)?.[1];
    if (pathname !== "/" && !documentId) return new Response("Not found\n", { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Method not allowed\n", { status: 405, headers: { Allow: "GET, HEAD" } });
    }
    if (!documentId) return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
    try {
      return streamProgress(decodeURIComponent(documentId), request);
    } catch (error) {
      // A stray "%" in the path.
      if (error instanceof URIError) return new Response("Bad request\n", { status: 400 });
      throw error;
    }
  }

  return { fetch, close: () => client.close() };
}

/** What a client sends as its last event ID may be anything; what is none of ours counts as none. */
function sequenceOf(lastEventId = ""): number {
  return /^\d{1,9}$/.test(lastEventId) ? Number(lastEventId) : 0;
}
