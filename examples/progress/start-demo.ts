import { once } from "node:events";
import { createServer } from "node:http";
import { toNodeHandler } from "@ssewire/adapter-node";
import { createBff } from "./bff.ts";
import type { Log } from "./console-log.ts";
import { type RunningDocumentService, startDocumentService } from "./document-service.ts";

export interface DemoOptions {
  /** Port of the BFF, 0 to 65535; 0 takes a free one. */
  port: number;
  log: Log;
  /** How many times faster than life documents are processed. @defaultValue 1 */
  speed?: number | undefined;
}

/** A demo that runs. */
export interface Demo {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  readonly documentService: RunningDocumentService;
  /** Ends both servers at once, open streams included. */
  close(): void;
}

/**
 * Starts the document service and, in front of it, the BFF.
 *
 * @throws {Error} When the port is taken; the message says what to do.
 */
export async function startDemo({ port, log, speed }: DemoOptions): Promise<Demo> {
  const documentService = await startDocumentService({
    speed,
    onCallEnd: (documentId, outcome) => log("debug", documentId, `gRPC call ${outcome}`),
  });
  const bff = createBff(documentService.address, log);
  const server = createServer(toNodeHandler(bff.fetch));

  function close(): void {
    server.close();
    // `close()` alone waits for the open event streams.
    server.closeAllConnections();
    bff.close();
    documentService.close();
  }

  try {
    await once(server.listen(port), "listening");
  } catch (error) {
    close();
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    throw new Error(`Port ${port} is taken. Set PORT to a free one, or to 0 for any.`, { cause: error });
  }
  const address = server.address();
  return { url: `http://localhost:${typeof address === "object" ? address?.port : port}/`, documentService, close };
}
