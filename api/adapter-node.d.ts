// What @ssewire/adapter-node exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Server as Server$1 } from "node:https";

export interface CloseGracefullyOptions {
  timeoutMs?: number | undefined;
  retryMs?: readonly [min: number, max: number] | undefined;
}

export interface CloseGracefullyReport {
  readonly forced: number;
}

export interface Drainable {
  drain(options: { timeoutMs: number; retryMs?: readonly [min: number, max: number] | undefined }): Promise<unknown>;
}

export type Next = (error?: unknown) => void;

export interface NodeContext {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
}

export type NodeHandler = (req: NodeRequest, res: NodeResponse, next?: Next) => Promise<void>;

export type NodeRequest = IncomingMessage | Http2ServerRequest;

export type NodeResponse = ServerResponse | Http2ServerResponse;

export type NodeServer = Server | Server$1 | Http2Server | Http2SecureServer;

export declare class RequestRefusedError extends Error {
  readonly name: string;
  readonly code: "BAD_REQUEST" | "METHOD_NOT_ALLOWED";
  readonly status: 400 | 405;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: RequestRefusedError["code"], message: string, options?: ErrorOptions);
}

export interface SendResponseOptions {
  onError?: ((error: unknown) => unknown) | undefined;
  writeTimeoutMs?: number | false | undefined;
}

export interface ToNodeHandlerOptions extends SendResponseOptions, ToWebRequestOptions {}

export interface ToWebRequestOptions {
  trustProxy?: boolean | undefined;
  host?: string | undefined;
  protocol?: "http" | "https" | undefined;
}

export type WebHandler = (request: Request, context: NodeContext) => Response | Promise<Response>;

export declare function closeGracefully(
  server: NodeServer,
  manager: Drainable | undefined,
  options?: CloseGracefullyOptions,
): Promise<CloseGracefullyReport>;

export declare function sendResponse(
  response: Response,
  res: NodeResponse,
  options?: SendResponseOptions,
): Promise<void>;

export declare function toNodeHandler(handler: WebHandler, options?: ToNodeHandlerOptions): NodeHandler;

export declare function toWebRequest(req: NodeRequest, res: NodeResponse, options?: ToWebRequestOptions): Request;
