import { Writable } from "node:stream";
import { GrpcStreamError } from "@ssewire/adapter-grpc";
import { type Logger as CoreLogger, SSEManager } from "@ssewire/core";
import { type Level, pino } from "pino";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createProgressHandler } from "./progress-handler.ts";
import { createLogger, streamLogger } from "./stream-logger.ts";
import { CollectedMetrics } from "./test/collected-metrics.ts";
import { serve } from "./test/serve.ts";

/** Where pino writes to, line by line, parsed. */
class Lines extends Writable {
  readonly entries: Record<string, unknown>[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    for (const line of chunk.toString().trimEnd().split("\n")) this.entries.push(JSON.parse(line));
    callback();
  }
}

const request = new Request("http://localhost/documents/report/progress?token=secret", {
  headers: { "X-Request-Id": "r-1" },
});

describe("a pino logger", () => {
  it("is a logger of core as it is", async () => {
    const lines = new Lines();
    const logger = pino({ level: "debug", base: null, timestamp: false }, lines);
    expectTypeOf(logger).toExtend<CoreLogger>();
    await SSEManager.createResponse(["one"], { logger }).text();
    expect(lines.entries).toEqual([
      { level: 20, eventType: "message", msg: "event stream opened" },
      {
        level: 20,
        reason: "completed",
        durationMs: expect.any(Number),
        events: 1,
        bytes: 28,
        msg: "event stream closed",
      },
    ]);
  });
});

describe("createLogger", () => {
  it("writes what has failed, with its causes, and without what gRPC servers keep to themselves", async () => {
    const lines = new Lines();
    const token = ["secret"];
    const metadata = { token, get: (key: string) => (key === "token" ? token : []) };
    const details = "connect ECONNREFUSED 10.0.0.7:50051";
    const error = new GrpcStreamError({ code: 14, details, metadata }, { cause: new Error("the socket") });
    const source = async function* (): AsyncGenerator<string> {
      yield "one";
      throw error;
    };
    await SSEManager.createResponse(source, { logger: streamLogger(createLogger(lines), request) }).text();
    const [, failed, closed] = lines.entries;
    const written = {
      type: "GrpcStreamError",
      message: "Service unavailable: the socket",
      status: "UNAVAILABLE",
      details,
      metadata: "[redacted]",
      statusDetails: "[redacted]",
    };
    expect(failed).toMatchObject({ level: 40, msg: "event stream failed", err: written });
    expect(closed).toMatchObject({ level: 20, msg: "event stream closed", reason: "failed", error: written });
    expect(JSON.stringify(lines.entries)).not.toContain("secret");
  });
});

describe("streamLogger", () => {
  const messagesAt = async (level: Level | "silent"): Promise<unknown[]> => {
    const lines = new Lines();
    const logger = createLogger(lines);
    logger.level = level;
    await SSEManager.createResponse(["one"], { logger: streamLogger(logger, request) }).text();
    return lines.entries.map(({ msg }) => msg);
  };

  it.each(["debug", "info"] as const)("tells of starts and ends at %s", async (level) => {
    expect(await messagesAt(level)).toEqual(["event stream opened", "event stream closed"]);
  });

  it.each(["warn", "silent"] as const)("keeps quiet at %s", async (level) => {
    expect(await messagesAt(level)).toEqual([]);
  });

  it("names the request on every line, over HTTP, and nothing of its query", async () => {
    const lines = new Lines();
    const { meter } = new CollectedMetrics();
    const origin = await serve(
      createProgressHandler({
        meter,
        logger: createLogger(lines),
        watch: async function* (documentId) {
          yield { documentId };
          throw new Error("boom");
        },
      }),
    );
    const { pathname, search } = new URL(request.url);
    const [first, second] = await Promise.all([
      fetch(`${origin}${pathname}${search}`, { headers: { "X-Request-Id": "r-1" } }),
      fetch(`${origin}/documents/invoice/progress`),
    ]);
    expect(await first.text()).toContain('data: {"documentId":"report"}');
    expect(await second.text()).toContain('data: {"documentId":"invoice"}');
    await expect.poll(() => lines.entries.length).toBe(6);
    const ofFirst = lines.entries.filter(({ requestId }) => requestId === "r-1");
    expect(ofFirst.map(({ msg }) => msg)).toEqual([
      "event stream opened",
      "event stream failed",
      "event stream closed",
    ]);
    expect(new Set(ofFirst.map(({ path }) => path))).toEqual(new Set([pathname]));
    const ids = lines.entries.map(({ requestId }) => requestId).filter((id) => id !== "r-1");
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(JSON.stringify(lines.entries)).not.toContain("secret");
  });
});
