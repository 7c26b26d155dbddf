import { once } from "node:events";
import { connect } from "node:net";
import { type AnyEvents, OverflowError, type ResponseOptions, type SourceContext, SSEManager } from "@ssewire/core";
import { pino } from "pino";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createProgressHandler } from "./progress-handler.ts";
import { streamMetrics } from "./stream-metrics.ts";
import { CollectedMetrics } from "./test/collected-metrics.ts";
import { serve } from "./test/serve.ts";

const route = { "http.route": "/documents/{id}/progress" };
const path = "/documents/report/progress";

type Source = (context: SourceContext) => AsyncIterable<unknown>;

async function* twoEvents(): AsyncGenerator<unknown> {
  yield { percent: 50 };
  yield { percent: 100 };
}

/** One event, then silence for as long as somebody reads. */
const silent: Source = async function* ({ signal }) {
  yield { percent: 50 };
  await once(signal, "abort");
};

describe("streamMetrics", () => {
  let metrics: CollectedMetrics;

  beforeEach(() => {
    metrics = new CollectedMetrics();
  });

  /** Serves the example's handler. */
  async function start(
    watch: Source,
    defaults: ResponseOptions = {},
    onError?: (error: unknown) => void,
  ): Promise<{ url: string; manager: SSEManager }> {
    const manager = new SSEManager<AnyEvents>(defaults);
    const logger = pino({ enabled: false });
    const watchDocument = (_id: string, context: SourceContext): AsyncIterable<unknown> => watch(context);
    const handler = createProgressHandler({ meter: metrics.meter, logger, manager, watch: watchDocument });
    return { url: `${await serve(handler, onError)}${path}`, manager };
  }

  /** Settles once the streams that were opened are over, and have been measured as such. */
  const ended = (...reasons: [reason: string, count: number, errorType?: string][]): Promise<void> =>
    expect
      .poll(() => metrics.series("sse.server.stream.duration"))
      .toEqual(
        reasons.map(([reason, count, errorType]) => [
          { ...route, "sse.close.reason": reason, ...(errorType && { "error.type": errorType }) },
          count,
        ]),
      );

  const openStreams = (): Promise<[object, number][]> => metrics.series("sse.server.active_streams");

  it("counts the streams that are open, and forgets them when they complete", async () => {
    let goOn: (() => void) | undefined;
    const isCounted = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { url } = await start(async function* () {
      yield { percent: 50 };
      await isCounted;
      yield { percent: 100 };
    });
    const responses = await Promise.all([fetch(url), fetch(url), fetch(url)]);
    expect(await openStreams()).toEqual([[route, 3]]);
    goOn?.();
    const texts = await Promise.all(responses.map((response) => response.text()));
    await ended(["completed", 3]);
    expect(await openStreams()).toEqual([[route, 0]]);
    expect(await metrics.series("sse.server.events")).toEqual([[route, 6]]);
    expect(await metrics.series("sse.server.sent")).toEqual([[route, texts.join("").length]]);
  });

  it("forgets a stream whose client leaves", async () => {
    const { url } = await start(silent);
    const controller = new AbortController();
    await fetch(url, { signal: controller.signal });
    expect(await openStreams()).toEqual([[route, 1]]);
    controller.abort();
    await ended(["cancelled", 1]);
    expect(await openStreams()).toEqual([[route, 0]]);
  });

  it.each([
    ["the class of an error", new TypeError("secret"), "failed", "TypeError"],
    ["the status of a gRPC call", Object.assign(new Error("secret"), { status: "NOT_FOUND" }), "failed", "NOT_FOUND"],
    ["nothing of a name of many values", Object.assign(new Error("x"), { name: "order 42" }), "failed", "_OTHER"],
    ["nothing of what is no error", "a secret: 42", "failed", "_OTHER"],
    ["that it is an overflow", new OverflowError(1_000), "overflow", "OverflowError"],
  ])("says of a failure %s", async (_what, error, reason, errorType) => {
    const { url } = await start(async function* () {
      yield { percent: 50 };
      throw error;
    });
    await (await fetch(url)).text();
    await ended([reason, 1, errorType]);
    expect(await openStreams()).toEqual([[route, 0]]);
  });

  it("forgets a stream that is aborted", async () => {
    const controller = new AbortController();
    const { url } = await start(silent, { signal: controller.signal });
    const response = await fetch(url);
    controller.abort();
    await response.text();
    await ended(["aborted", 1]);
    expect(await openStreams()).toEqual([[route, 0]]);
  });

  it("forgets a stream that expires", async () => {
    const { url } = await start(silent, { maxAgeMs: 1 });
    await (await fetch(url)).text();
    await ended(["expired", 1]);
    expect(await openStreams()).toEqual([[route, 0]]);
  });

  it("forgets the streams that are drained", async () => {
    const { url, manager } = await start(silent);
    const responses = await Promise.all([fetch(url), fetch(url)]);
    await manager.drain();
    await Promise.all(responses.map((response) => response.text()));
    await ended(["drained", 2]);
    expect(await openStreams()).toEqual([[route, 0]]);
  });

  it("forgets a stream whose reader has stalled", async () => {
    const onError = vi.fn();
    const { url } = await start(
      async function* () {
        for (;;) yield "x".repeat(100_000);
      },
      { stallTimeoutMs: 50 },
      onError,
    );
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    // Reset by the server in the end.
    socket.on("error", () => undefined);
    socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await ended(["stalled", 1, "TimeoutError"]);
    expect(await openStreams()).toEqual([[route, 0]]);
    expect(onError).toHaveBeenCalledOnce();
    socket.destroy();
  });

  it("counts no stream that nobody reads", async () => {
    const { url } = await start(twoEvents);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    const observe = streamMetrics(metrics.meter, route);
    await SSEManager.createResponse(twoEvents, observe()).body?.cancel();
    expect(await openStreams()).toEqual([]);
    expect(await metrics.series("sse.server.stream.duration")).toEqual([]);
  });

  it("measures the time to the first event in seconds, once a stream", async () => {
    let goOn: (() => void) | undefined;
    const isOpen = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { url } = await start(async function* () {
      await isOpen;
      yield* twoEvents();
    });
    const before = performance.now();
    const response = await fetch(url);
    // The head is here, and with it the stream is open.
    const opened = performance.now();
    await expect.poll(() => performance.now() - opened).toBeGreaterThan(20);
    const released = performance.now();
    goOn?.();
    await response.text();
    const after = performance.now();
    await ended(["completed", 1]);
    expect(await metrics.series("sse.server.time_to_first_event")).toEqual([[route, 1]]);
    const seconds = await metrics.sum("sse.server.time_to_first_event");
    expect(seconds).toBeGreaterThanOrEqual((released - opened) / 1_000);
    expect(seconds).toBeLessThanOrEqual((after - before) / 1_000);
    const duration = await metrics.sum("sse.server.stream.duration");
    expect(duration).toBeGreaterThanOrEqual(seconds);
    expect(duration).toBeLessThanOrEqual((after - before) / 1_000 + 1);
  });

  it("takes no error event for the first event", async () => {
    const { url } = await start(async function* () {
      await Promise.reject(new Error("boom"));
      yield "never";
    });
    await (await fetch(url)).text();
    await ended(["failed", 1, "Error"]);
    expect(await metrics.series("sse.server.time_to_first_event")).toEqual([]);
    expect(await metrics.series("sse.server.events")).toEqual([[route, 1]]);
  });

  it("keeps routes of one meter apart", async () => {
    const observeJobs = streamMetrics(metrics.meter, { "http.route": "/jobs/{id}" });
    const observeUsers = streamMetrics(metrics.meter, { "http.route": "/users/{id}" });
    await SSEManager.createResponse(twoEvents, observeJobs()).text();
    await SSEManager.createResponse(["one"], observeUsers()).text();
    expect(await metrics.series("sse.server.events")).toEqual([
      [{ "http.route": "/jobs/{id}" }, 2],
      [{ "http.route": "/users/{id}" }, 1],
    ]);
  });

  it("names units as the conventions have it", async () => {
    await SSEManager.createResponse(twoEvents, streamMetrics(metrics.meter, route)()).text();
    const names = ["active_streams", "events", "sent", "stream.duration", "time_to_first_event"];
    const found = await Promise.all(names.map((name) => metrics.metric(`sse.server.${name}`)));
    expect(found.map((metric) => metric?.descriptor.unit)).toEqual(["{stream}", "{event}", "By", "s", "s"]);
  });
});
