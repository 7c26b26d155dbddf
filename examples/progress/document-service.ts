import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type GrpcServiceImplementation, serviceDefinition } from "@ssewire/adapter-grpc/client";
import { DocumentService } from "./gen/documents_pb.ts";
import { processDocument } from "./process-document.ts";

export interface DocumentServiceOptions {
  /** Port of this machine to listen on; 0 takes a free one. @defaultValue 0 */
  port?: number | undefined;
  /** How many times faster than life. @defaultValue 1 */
  speed?: number | undefined;
  /** Called when a call begins and when it is over. */
  onCall?: ((documentId: string, state: "started" | "completed" | "failed" | "cancelled") => void) | undefined;
}

/** A document service that listens. */
export interface RunningDocumentService {
  /** What clients connect to: host and port. */
  readonly address: string;
  /** How many calls are open. */
  openCalls(): number;
  /** Stops at once, open calls included. */
  close(): void;
}

/** The backend: a gRPC server. */
export async function startDocumentService(options: DocumentServiceOptions = {}): Promise<RunningDocumentService> {
  const { port = 0, speed = 1, onCall } = options;
  let openCalls = 0;

  const implementation: GrpcServiceImplementation<typeof DocumentService> = {
    async streamDocumentProgress(call) {
      const { documentId, after } = call.request;
      const cancelled = new AbortController();
      const { signal } = cancelled;
      call.on("cancelled", () => cancelled.abort());
      openCalls++;
      onCall?.(documentId, "started");
      let failure: unknown;
      try {
        const pause = (ms: number): Promise<void> => wait(ms / speed, undefined, { signal });
        for await (const progress of processDocument(documentId, after, pause)) {
          if (!call.write(progress)) await once(call, "drain", { signal });
        }
        call.end();
      } catch (error) {
        failure = error;
        if (!signal.aborted) call.emit("error", error);
      }
      openCalls--;
      onCall?.(documentId, signal.aborted ? "cancelled" : failure ? "failed" : "completed");
    },
  };

  const server = new Server();
  server.addService(serviceDefinition(DocumentService), implementation);
  const bind = promisify(server.bindAsync.bind(server));
  const bound = await bind(`127.0.0.1:${port}`, ServerCredentials.createInsecure());
  return { address: `127.0.0.1:${bound}`, openCalls: () => openCalls, close: () => server.forceShutdown() };
}
