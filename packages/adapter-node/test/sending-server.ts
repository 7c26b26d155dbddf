import type { Server, ServerResponse } from "node:http";
import type { SendResponseOptions } from "../src/send-options.ts";
import { sendResponse } from "../src/send-response.ts";
import { type LocalServer, serve } from "./local-server.ts";

export interface SendingServer extends LocalServer<Server> {
  /** What `onError` was told. */
  readonly errors: unknown[];
  /** What `sendResponse` returned, one for each request. */
  readonly settled: Promise<void>[];
  readonly clientErrors: unknown[];
}

/** A server that answers every request with what `make` gives, and what became of the answers. */
export async function sending(
  make: (res: ServerResponse) => Response,
  options: SendResponseOptions = {},
): Promise<SendingServer> {
  const errors: unknown[] = [];
  const settled: Promise<void>[] = [];
  const clientErrors: unknown[] = [];
  const local = await serve((_req, res) => {
    settled.push(sendResponse(make(res), res, { onError: (error) => errors.push(error), ...options }));
  });
  local.server.on("clientError", (error) => clientErrors.push(error));
  return { ...local, errors, settled, clientErrors };
}

/** Calls `before` and `after` around each write of `res`. */
export function onWrite(
  res: ServerResponse,
  after: (ready: boolean, chunk: Uint8Array) => void,
  before: () => void = () => undefined,
): void {
  const write = res.write.bind(res);
  res.write = (chunk: Uint8Array) => {
    before();
    const ready = write(chunk);
    after(ready, chunk);
    return ready;
  };
}

/** Gives `chunks`, then ends. */
export function closingBody(chunks: (Uint8Array | string)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      const encoder = new TextEncoder();
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

/** A Response of another implementation, with fewer checks than Node's own. */
export function foreign(init: {
  status?: number;
  statusText?: string;
  headers?: [string, string][];
  body?: ReadableStream<unknown>;
}): Response {
  const { status = 200, statusText = "", headers = [], body = null } = init;
  // It lacks what an adapter has no use for, such as `json()`; only a cast says so.
  return { status, statusText, headers, body, bodyUsed: false } as unknown as Response;
}
