import type { Meter } from "@opentelemetry/api";
import { type AnyEvents, type SourceContext, SSEManager } from "@ssewire/core";
import type { Logger } from "pino";
import { streamLogger } from "./stream-logger.ts";
import { streamMetrics } from "./stream-metrics.ts";

export interface ObservedHandlerOptions {
  readonly meter: Meter;
  readonly logger: Logger;
  /** The progress of the document of this id. */
  readonly watch: (documentId: string, context: SourceContext) => AsyncIterable<unknown>;
  /** Answers the requests. @defaultValue one with a `stallTimeoutMs` of 20 s */
  readonly manager?: SSEManager<AnyEvents> | undefined;
}

/** Answers `/documents/{id}/progress` with event streams that are measured and logged. */
export function createProgressHandler(options: ObservedHandlerOptions): (request: Request) => Response {
  // Shorter than adapter-node's `writeTimeoutMs`, which would make a stalled reader look like one that has left.
  const { meter, logger, watch, manager = new SSEManager<AnyEvents>({ stallTimeoutMs: 20_000 }) } = options;
  // Once a route.
  const observe = streamMetrics(meter, { "http.route": "/documents/{id}/progress" });
  return (request) => {
    const [, , documentId = ""] = new URL(request.url).pathname.split("/");
    return manager.createResponse((context: SourceContext) => watch(documentId, context), {
      eventType: "progress",
      request,
      logger: streamLogger(logger, request),
      // Once a stream.
      ...observe(),
    });
  };
}
