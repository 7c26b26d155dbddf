import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@ssewire/adapter-node";
import { type ResponseOptions, SSEManager } from "@ssewire/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { deferred } from "../test/deferred.ts";
import {
  cancelled,
  connect as connectGrpc,
  fail,
  flood,
  serveProgress,
  type WatchCall,
} from "../test/progress-server.ts";
import { type GrpcSseStream, grpcStreamToSse } from "./index.ts";

/** The way from the gRPC server to a socket, and back. */
interface Bff {
  /** Sends it a request; the response is not read by itself. */
  request(): { readonly response: Promise<IncomingMessage>; kill(): void };
  /** The server's side of the call that the request has led to. */
  readonly arrived: Promise<{ readonly call: WatchCall; readonly cancelled: Promise<void>; written(): number }>;
  barrier(): Promise<void>;
}

async function serveBff(watch: (call: WatchCall) => { written(): number } | undefined): Promise<Bff> {
  const arrived = deferred<Awaited<Bff["arrived"]>>();
  const grpc = await serveProgress((call) => {
    const isCancelled = cancelled(call);
    const flooding = watch(call);
    arrived.resolve({ call, cancelled: isCancelled, written: () => flooding?.written() ?? 0 });
  });
  const http = createServer(
    toNodeHandler((request) =>
      SSEManager.createResponse(
        grpcStreamToSse(
          ({ signal }) => grpc.client.watch({}, { signal }),
          ({ percent, payload }) => ({ percent, payload: Buffer.from(payload).toString("base64") }),
        ),
        { eventType: "progress", request },
      ),
    ),
  );
  await once(http.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  const { port } = http.address() as AddressInfo;
  return {
    arrived: arrived.promise,
    barrier: grpc.barrier,
    request() {
      const request = get({ port, host: "127.0.0.1", agent: false });
      const kill = (): void => void request.destroy();
      onTestFinished(kill);
      const response = new Promise<IncomingMessage>((resolve) => request.once("response", resolve));
      // The end of a connection that was killed is told to whoever listens; nobody has to.
      request.on("error", () => undefined);
      return { response, kill };
    },
  };
}

describe("a BFF of core, adapter-grpc and adapter-node", () => {
  it.each<[string, (call: WatchCall) => { written(): number } | undefined]>([
    ["idle", (call) => void call.write({ percent: 1 })],
    ["busy", flood],
  ])("frees the call of a server that is %s within 200 ms of its client's death", async (_state, watch) => {
    const bff = await serveBff(watch);
    const client = bff.request();
    await once(await client.response, "data");
    const call = await bff.arrived;
    const killedAt = performance.now();
    client.kill();
    await call.cancelled;
    expect(performance.now() - killedAt).toBeLessThan(200);
  });

  it("frees a call within 200 ms of its client's death before the first byte", async () => {
    const bff = await serveBff(() => undefined);
    const client = bff.request();
    const call = await bff.arrived;
    const killedAt = performance.now();
    client.kill();
    await call.cancelled;
    expect(performance.now() - killedAt).toBeLessThan(200);
  });

  it("frees a call when the body is cancelled while a read of it is pending", async () => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => arrived.resolve({ cancelled: cancelled(call) }));
    const response = SSEManager.createResponse(
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        (message) => message.percent,
      ),
      { openingMs: false },
    );
    const reader = response.body?.getReader();
    const pending = reader?.read();
    const call = await arrived.promise;
    await reader?.cancel();
    await call.cancelled;
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("stops the gRPC server's writes while its client reads nothing, and loses nothing", async () => {
    const count = 20_000;
    const bff = await serveBff((call) => flood(call, { count }));
    const response = await bff.request().response;
    const { written } = await bff.arrived;
    let before: number;
    do {
      before = written();
      for (let round = 0; round < 100; round++) await bff.barrier();
    } while (written() > before);
    expect(written()).toBeLessThan(count);
    const chunks: string[] = [];
    for await (const chunk of response.setEncoding("utf8")) chunks.push(chunk);
    const percents = [...chunks.join("").matchAll(/data: \{"percent":(\d+),/g)].map(([, percent]) => Number(percent));
    expect(percents).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  it("keeps a stream alive through 900 cancellations at once beside it", async () => {
    const calls: WatchCall[] = [];
    const cancellations: Promise<void>[] = [];
    const { client } = await serveProgress((call) => {
      calls.push(call);
      if (call.request.task !== "stay") cancellations.push(cancelled(call));
      call.write({ percent: 0 });
    });
    const open = (task: string): GrpcSseStream<number> =>
      grpcStreamToSse(
        ({ signal }) => client.watch({ task }, { signal }),
        (message) => message.percent,
      );
    const staying = open("stay");
    await staying.next();
    const leaving = Array.from({ length: 900 }, () => open("leave"));
    await Promise.all(leaving.map((stream) => stream.next()));
    for (const stream of leaving) stream.cancel();
    await Promise.all(cancellations);
    expect(cancellations).toHaveLength(900);
    calls[0]?.write({ percent: 99 });
    expect(await staying.next()).toEqual({ done: false, value: 99 });
    staying.cancel();
  });
});

describe("SSEManager.openResponse with a gRPC stream", () => {
  async function openResponse(
    watch: (call: WatchCall) => unknown,
    options: ResponseOptions<number> = {},
  ): Promise<Response> {
    const { client } = await serveProgress((call) => void watch(call));
    return SSEManager.openResponse(
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        (message) => message.percent,
      ),
      options,
    );
  }

  it.each([
    [3, "INVALID_ARGUMENT", 400],
    [5, "NOT_FOUND", 404],
    [7, "PERMISSION_DENIED", 403],
    [8, "RESOURCE_EXHAUSTED", 429],
    [16, "UNAUTHENTICATED", 401],
  ])("answers status %i, %s, with %i and the server's words", async (code, name, httpStatus) => {
    const response = await openResponse((call) => fail(call, code, "not for you"));
    expect(response.status).toBe(httpStatus);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "about:blank",
      status: httpStatus,
      detail: "not for you",
      code: name,
      retryable: false,
    });
  });

  it.each([
    [13, 500, "Internal error"],
    [14, 503, "Service unavailable"],
    [4, 504, "The deadline was exceeded"],
  ])("answers status %i with %i and none of the server's words", async (code, httpStatus, detail) => {
    const response = await openResponse((call) => fail(call, code, "db 10.0.0.7"));
    expect(response.status).toBe(httpStatus);
    expect(await response.json()).toMatchObject({ status: httpStatus, detail });
  });

  it("answers a host that cannot be resolved with 503, without its name", async () => {
    const client = connectGrpc("no-such-host.invalid:50051");
    const response = await SSEManager.openResponse(
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        (message) => message.percent,
      ),
      // Name resolution takes the time that it takes.
      { openTimeoutMs: 50_000 },
    );
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("no-such-host");
  });

  it("commits to 200 after the grace time when the server is silent, and sends what comes then", async () => {
    const gate = deferred();
    const response = await openResponse(
      async (call) => {
        await gate.promise;
        call.write({ percent: 1 });
        call.end();
      },
      { openTimeoutMs: 5, openingMs: false },
    );
    expect(response.status).toBe(200);
    gate.resolve();
    expect(await response.text()).toBe("event: message\ndata: 1\n\n");
  });

  it("loses nothing of what it waited for", async () => {
    const response = await openResponse((call) => flood(call, { count: 100 }), { openTimeoutMs: 50_000 });
    const text = await response.text();
    expect([...text.matchAll(/^data: (\d+)$/gm)].map(([, percent]) => Number(percent))).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
  });
});
