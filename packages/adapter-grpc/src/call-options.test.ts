import { setImmediate as nextTurn } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { serveHttp2 } from "../test/http2-server.ts";
import { connectWith } from "../test/listen.ts";
import { serveProgress } from "../test/progress-server.ts";
import { GrpcStreamError, grpcStreamToSse } from "./index.ts";

const DAY_MS = 86_400_000;

describe("the deadline of a call", () => {
  it("ends a silent stream with DEADLINE_EXCEEDED, 504 and no internals", async () => {
    const server = await serveProgress(() => undefined);
    await server.client.get({});
    const stream = grpcStreamToSse(server.client.watch({}, { timeoutMs: 100 }), ({ percent }) => percent);
    const { error } = await collect(stream);
    expect(error).toBeInstanceOf(GrpcStreamError);
    expect(error).toMatchObject({
      status: "DEADLINE_EXCEEDED",
      httpStatus: 504,
      message: "The deadline was exceeded",
      details: expect.stringContaining(server.address),
    });
    await server.barrier();
    await server.allCancelled();
  });

  it("rejects a unary call", async () => {
    const server = await serveHttp2({});
    await expect(connectWith(server.address).get({}, { deadline: new Date(Date.now() + 50) })).rejects.toMatchObject({
      status: "DEADLINE_EXCEEDED",
    });
  });

  it.each([
    ["a number", () => Date.now() - 1],
    ["a Date", () => new Date(0)],
    ["-Infinity", () => Number.NEGATIVE_INFINITY],
  ])("fails the call at once when it has passed already: %s", async (_what, deadline) => {
    const server = await serveProgress(() => undefined);
    await server.client.get({});
    const { error } = await collect(server.client.watch({}, { deadline: deadline() }));
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await expect(server.client.get({}, { deadline: deadline() })).rejects.toMatchObject({ httpStatus: 504 });
    await server.barrier();
    await server.allCancelled();
  });

  it("leaves no stream open on a warm channel when it has passed already", async () => {
    const first = deferred();
    const reset = deferred();
    // A server that takes no notice of `grpc-timeout`.
    const { address } = await serveHttp2({
      stream(stream, headers) {
        if (headers["grpc-timeout"] === undefined) first.resolve();
        else stream.once("close", reset.resolve);
      },
    });
    const client = connectWith(address);
    const warming = client.watch({});
    await first.promise;
    // At the beginning of a turn: in a promise's reaction the stream is opened before the deadline's `nextTick`.
    setImmediate(() => client.watch({}, { deadline: 1 }));
    await reset.promise;
    warming.cancel();
  });

  it.each<[string, number, string | undefined]>([
    // A timer of Node's holds 2 147 483 647 ms, and fires at once beyond.
    ["25 days", 25 * DAY_MS, "2160000S"],
    ["a thousand years", 365_000 * DAY_MS, "8760000H"],
    // More than `grpc-timeout` can say.
    ["a hundred thousand years", 36_500_000 * DAY_MS, undefined],
    ["for ever", Number.POSITIVE_INFINITY, undefined],
  ])("may be %s ahead", async (_what, timeoutMs, sent) => {
    const setTimeout = vi.spyOn(globalThis, "setTimeout");
    const received = deferred<unknown>();
    const server = await serveHttp2({ stream: (_stream, headers) => received.resolve(headers["grpc-timeout"]) });
    const client = connectWith(server.address);
    const call = client.watch({}, { timeoutMs });
    const header = await received.promise;
    if (sent === undefined) expect(header).toBeUndefined();
    // Rounded up, some milliseconds later.
    else expect([sent, sent.replace(/\d+/, (amount) => `${Number(amount) + 1}`)]).toContain(header);
    expect(setTimeout.mock.calls.filter(([, ms]) => ms !== undefined && ms > 2 ** 31 - 1)).toEqual([]);
    let isOver = false;
    call.once("status", () => {
      isOver = true;
    });
    await nextTurn();
    expect(isOver).toBe(false);
    setTimeout.mockRestore();
    call.cancel();
  });
});
