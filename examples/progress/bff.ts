import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { type EventLog, MemoryEventLog, SSEManager, type WatchedSource } from "@ssewire/core";
import { type Log, streamLogger } from "./console-log.ts";
import { DocumentService } from "./gen/documents_pb.ts";
import { shareDocuments } from "./share-documents.ts";
import { SignalCounts } from "./signal-counts.ts";

const page = readFileSync(new URL("./index.html", import.meta.url), "utf8");
const progressPath = /^\/documents\/([^/]+)\/progress$/;

export interface BffOptions {
  /** Host and port of the gRPC server. */
  documentService: string;
  log: Log;
  /** Makes the log of a document. @defaultValue one in the memory of this process */
  openLog?: ((documentId: string) => EventLog) | undefined;
  /** Origins of all BFFs that have the same logs: the pages of each may watch at any. @defaultValue none */
  servers?: readonly string[] | undefined;
  /** Milliseconds for which a gRPC call goes on that nobody watches. @defaultValue 3000 */
  graceMs?: number | undefined;
}

export interface Bff {
  fetch(request: Request): Response;
  /** Owns the event streams; to be drained before `close`. */
  readonly manager: SSEManager;
  close(): void;
}

/** The backend for the frontend: the page, and the progress of a document as an event stream. */
export function createBff({ documentService, log, openLog, servers = [], graceMs }: BffOptions): Bff {
  const client = createGrpcClient(DocumentService, documentService, { credentials: credentials.createInsecure() });
  const [watchers, calls] = [new SignalCounts(), new SignalCounts()];
  const openMemoryLog = (): EventLog => new MemoryEventLog({ eventType: "progress" });
  const watch = shareDocuments({ client, openLog: openLog ?? openMemoryLog, calls, graceMs });
  const manager = new SSEManager({ heartbeatMs: 5_000, retryMs: 1_000, stopReconnect: true });

  // Whoever may ask may see the document: a BFF with users checks that here, at each request.
  function streamProgress(documentId: string, request: Request): Response {
    const progress: WatchedSource = (context) => {
      watchers.add(documentId, context.signal);
      return watch(documentId)(context);
    };
    return manager.createResponse(progress, { eventType: "progress", request, logger: streamLogger(log, documentId) });
  }

  function answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const documentId = progressPath.exec(pathname)?.[1];
    if (!["/", "/status"].includes(pathname) && !documentId) return new Response("Not found\n", { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Method not allowed\n", { status: 405, headers: { Allow: "GET, HEAD" } });
    }
    if (pathname === "/") return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
    if (!documentId) return Response.json({ servers, watchers, calls }, { headers: { "Cache-Control": "no-store" } });
    try {
      return streamProgress(decodeURIComponent(documentId), request);
    } catch (error) {
      // A stray "%" in the path.
      if (error instanceof URIError) return new Response("Bad request\n", { status: 400 });
      throw error;
    }
  }

  function fetch(request: Request): Response {
    const response = answer(request);
    // A page of another BFF may read it, any other page may not. An EventSource never asks beforehand, with OPTIONS.
    const origin = request.headers.get("origin") ?? "";
    if (servers.includes(origin)) response.headers.set("Access-Control-Allow-Origin", origin);
    if (servers.length > 0) response.headers.append("Vary", "Origin");
    return response;
  }

  return { fetch, manager, close: () => client.close() };
}
