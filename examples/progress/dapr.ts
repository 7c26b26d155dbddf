import { credentials } from "@grpc/grpc-js";
import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient, metadataFromHeaders } from "@ssewire/adapter-grpc/client";
import { SSEManager } from "@ssewire/core";
import { DocumentService } from "./gen/documents_pb.ts";

export interface DaprBff {
  /** Answers `/documents/:id/progress` with an event stream. */
  fetch(request: Request): Promise<Response>;
  close(): void;
}

/**
 * The BFF of an application that runs under Dapr: it calls its own sidecar, which finds the application with that id,
 * encrypts, traces and retries.
 *
 * @param sidecar - Host and port of the sidecar's gRPC API, in production `` `127.0.0.1:${process.env.DAPR_GRPC_PORT}` ``.
 * @param appId - Dapr's id of the application that has the document service.
 * @see {@link https://docs.dapr.io/developing-applications/building-blocks/service-invocation/howto-invoke-services-grpc/ | Dapr, invoke services using gRPC}
 */
export function createDaprBff(sidecar: string, appId: string): DaprBff {
  const client = createGrpcClient(DocumentService, sidecar, {
    // Sidecars encrypt among themselves; this connection does not leave the machine.
    credentials: credentials.createInsecure(),
    // Dapr wants to know that a call streams: its timeouts and retries are then for the beginning of it only.
    metadata: { "dapr-app-id": appId, "dapr-stream": "true" },
  });

  async function fetch(request: Request): Promise<Response> {
    const documentId = new URL(request.url).pathname.match(/^\/documents\/([\w-]+)\/progress$/)?.[1];
    if (documentId === undefined) return new Response("Not found\n", { status: 404 });
    const progress = grpcStreamToSse(
      ({ signal }) => {
        // The sidecar joins its spans to the trace of the request.
        const metadata = metadataFromHeaders(request.headers, ["traceparent", "tracestate"]);
        return client.streamDocumentProgress({ documentId }, { signal, metadata });
      },
      ({ percent, message }) => ({ percent, message }),
    );
    return SSEManager.openResponse(progress, { eventType: "progress", request });
  }

  return { fetch, close: () => client.close() };
}
