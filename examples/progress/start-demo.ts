import { createServer } from "node:http";
import { closeGracefully, toNodeHandler } from "@ssewire/adapter-node";
import { createBff } from "./bff.ts";
import type { Log } from "./console-log.ts";
import { type RunningDocumentService, startDocumentService } from "./document-service.ts";
import { listen } from "./listen.ts";

export interface DemoOptions {
  /** Port of the BFF, 0 to 65535; 0 takes a free one. */
  port: number;
  log: Log;
  /** How many times faster than life documents are processed. @defaultValue 1 */
  speed?: number | undefined;
  /** Milliseconds for which a gRPC call goes on that nobody watches. @defaultValue 3000 */
  graceMs?: number | undefined;
}

/** A demo that runs. */
export interface Demo {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  readonly documentService: RunningDocumentService;
  /** Ends both servers; browsers are told to come back, should they be started again. */
  close(): Promise<void>;
}

/**
 * Starts the document service and, in front of it, the BFF, both in this process.
 *
 * @throws {Error} When the port is taken; the message says what to do.
 */
export async function startDemo({ port, log, speed, graceMs }: DemoOptions): Promise<Demo> {
  const documentService = await startDocumentService({
    speed,
    onCall: (documentId, state) => log("debug", documentId, `gRPC call ${state}`),
  });
  const bff = createBff({ documentService: documentService.address, log, graceMs });
  const server = createServer(toNodeHandler(bff.fetch));

  async function close(): Promise<void> {
    await closeGracefully(server, bff.manager, { timeoutMs: 1_000 });
    bff.close();
    documentService.close();
  }

  try {
    const origin = await listen(server, port);
    return { url: `${origin}/`, documentService, close };
  } catch (error) {
    await close();
    throw error;
  }
}
