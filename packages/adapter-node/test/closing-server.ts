import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { SSEManager } from "@ssewire/core";
import { type NodeHandler, toNodeHandler } from "../src/to-node-handler.ts";
import { deferred } from "./deferred.ts";

/** Far less than the 5 to 6 s for which Node keeps a connection alive, far more than a close takes: 200 ms at most. */
export const SOON_MS = 2_000;

/** Streams that have sent one event and wait. */
export interface ProgressStreams {
  readonly manager: SSEManager;
  readonly listener: NodeHandler;
  /** Settles when the `finally` of one has run. */
  readonly released: Promise<void>;
}

export function progress(): ProgressStreams {
  const manager = new SSEManager();
  const released = deferred();
  const handler = (request: Request): Response =>
    manager.createResponse(
      async function* ({ signal }) {
        try {
          yield { percent: 50 };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        } finally {
          released.resolve();
        }
      },
      { eventType: "progress", request },
    );
  return { manager, listener: toNodeHandler(handler), released: released.promise };
}

/** What a promise gives, and how long it takes. */
export async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const before = performance.now();
  return { value: await promise, ms: performance.now() - before };
}

/** A stream of an HTTP/2 client. */
export interface OpenStream {
  readonly stream: ClientHttp2Stream;
  /** Settles with its first bytes. */
  readonly first: Promise<void>;
  readonly closed: Promise<{ text: string; code: number | undefined }>;
}

export function openStream(session: ClientHttp2Session): OpenStream {
  const stream = session.request();
  const first = deferred();
  let text = "";
  stream.setEncoding("utf8");
  // Told again by 'close'.
  stream.on("error", () => undefined);
  stream.on("data", (chunk: string) => {
    text += chunk;
    first.resolve();
  });
  const closed = new Promise<{ text: string; code: number | undefined }>((resolve) =>
    stream.once("close", () => resolve({ text, code: stream.rstCode })),
  );
  return { stream, first: first.promise, closed };
}
