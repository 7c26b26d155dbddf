import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { connect, fail, flood, serveProgress, statusOf } from "../test/progress-server.ts";
import { grpcStreamToSse } from "./index.ts";

const percent = (message: { percent: number }): number => message.percent;
const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe("readGrpcCall", () => {
  it("gives all messages in order, then the end", async () => {
    const { client } = await serveProgress((call) => flood(call, { count: 3_000 }));
    expect(await collect(grpcStreamToSse(client.watch({}), percent))).toEqual({
      values: upTo(3_000),
      error: undefined,
    });
  });

  it("gives nothing of an empty stream", async () => {
    const { client } = await serveProgress((call) => call.end());
    expect(await collect(grpcStreamToSse(client.watch({}), percent))).toEqual({ values: [], error: undefined });
  });

  it("gives every message to a reader that comes after the end", async () => {
    const { client } = await serveProgress((call) => flood(call, { count: 8 }));
    const call = client.watch({});
    const stream = grpcStreamToSse(call, percent);
    await statusOf(call);
    expect(await collect(stream)).toEqual({ values: upTo(8), error: undefined });
  });

  it("gives the messages a failure has overtaken, then the failure", async () => {
    const isRead = deferred();
    const { client } = await serveProgress(async (call) => {
      for (const percent of upTo(8)) call.write({ percent });
      await isRead.promise;
      fail(call, 5, "no such task");
    });
    const call = client.watch({});
    const stream = grpcStreamToSse(call, percent);
    while (call.readableLength < 8) await nextTurn();
    isRead.resolve();
    await statusOf(call);
    const { values, error } = await collect(stream);
    expect(values).toEqual(upTo(8));
    expect(error).toMatchObject({ status: "NOT_FOUND", message: "no such task" });
  });

  it("gives a slow reader the beginning of a long stream without a gap, then its failure", async () => {
    const { client } = await serveProgress((call) => {
      for (const percent of upTo(1_000)) call.write({ percent });
      fail(call, 13, "disk full");
    });
    const { values, error } = await collect(grpcStreamToSse(client.watch({}), percent), nextTurn);
    // grpc-js itself drops what it has received beyond its 16 messages when the status is not OK.
    expect(values.length).toBeGreaterThanOrEqual(16);
    expect(values).toEqual(upTo(values.length));
    expect(error).toMatchObject({ status: "INTERNAL", message: "Internal error", details: "disk full" });
  });

  it("gives the failure that came before the first next()", async () => {
    const { client } = await serveProgress((call) => fail(call, 7, "not yours"));
    const call = client.watch({});
    const stream = grpcStreamToSse(call, percent);
    await statusOf(call);
    const { values, error } = await collect(stream);
    expect(values).toEqual([]);
    expect(error).toMatchObject({ status: "PERMISSION_DENIED", message: "not yours" });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("fails when the server is shut down", async () => {
    const server = await serveProgress((call) => call.write({ percent: 0 }));
    const stream = grpcStreamToSse(server.client.watch({}), percent);
    await stream.next();
    const pending = stream.next();
    server.shutDown();
    await expect(pending).rejects.toMatchObject({ name: "GrpcStreamError", code: expect.any(Number) });
  });

  it("fails with UNAVAILABLE, without the address, when nobody listens", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    const { values, error } = await collect(grpcStreamToSse(connect(server.address).watch({}), percent));
    expect(values).toEqual([]);
    expect(error).toMatchObject({ httpStatus: 503, retryable: true, message: "Service unavailable" });
    expect(error).toHaveProperty("details", expect.stringContaining(server.address));
  });

  it("fails with DEADLINE_EXCEEDED, masked, when the deadline has passed", async () => {
    const { client } = await serveProgress((call) => call.write({ percent: 0 }));
    const call = client.watch({}, { deadline: Date.now() - 1 });
    const { error } = await collect(grpcStreamToSse(call, percent));
    expect(error).toMatchObject({ httpStatus: 504, message: "The deadline was exceeded" });
    expect(error).toHaveProperty("details", expect.stringMatching(/^Deadline exceeded after/));
  });

  it.each([
    ["failed", (call: { cancel(): void }) => call, 5],
    ["was cancelled", (call: { cancel(): void }) => call.cancel(), 0],
  ])("takes a call that %s before it was handed over for a failed one", async (_how, end, code) => {
    const { client } = await serveProgress((call) => {
      if (code === 0) call.write({ percent: 0 });
      else fail(call, code, "no such task");
    });
    const call = client.watch({});
    end(call);
    await statusOf(call);
    const { values, error } = await collect(grpcStreamToSse(call, percent));
    expect(values).toEqual([]);
    expect(error).toMatchObject({
      status: "UNKNOWN",
      details: "Cannot read gRPC call: it ended before it was handed over; use a factory, or hand it over at once",
    });
  });

  it("takes a call that somebody else has read to its end for a failed one", async () => {
    const { client } = await serveProgress((call) => flood(call, { count: 3 }));
    const call = client.watch({});
    expect((await collect(call)).values).toHaveLength(3);
    const { values, error } = await collect(grpcStreamToSse(call, percent));
    expect(values).toEqual([]);
    expect(error).toMatchObject({ status: "UNKNOWN", details: expect.stringContaining("ended before") });
  });

  it("takes a call that was destroyed before it was handed over for a failed one, and cancels it", async () => {
    const server = await serveProgress(flood);
    const call = server.client.watch({});
    call.destroy();
    await once(call, "close");
    const { error } = await collect(grpcStreamToSse(call, percent));
    expect(error).toMatchObject({ status: "UNKNOWN", details: expect.stringContaining("destroyed before its end") });
    await server.barrier();
    await server.allCancelled();
  });

  it("gives the first failure of a call that fails twice", async () => {
    const { client } = await serveProgress((call) => call.write({ percent: 0 }));
    const call = client.watch({});
    const stream = grpcStreamToSse(call, percent);
    const error = new Error("out of patience");
    call.destroy(error);
    call.cancel();
    await statusOf(call);
    await expect(stream.next()).rejects.toBe(error);
  });

  it("keeps a call that nobody iterates from filling up", async () => {
    const flooded = deferred<ReturnType<typeof flood>>();
    const server = await serveProgress((call) => flooded.resolve(flood(call, { count: 3_000 })));
    const stream = grpcStreamToSse(server.client.watch({}), percent);
    const { written } = await flooded.promise;
    for (let round = 0; round < 50; round++) await server.barrier();
    expect(written()).toBeLessThan(200);
    expect((await collect(stream)).values).toHaveLength(3_000);
  });

  it("stops the server while the reader pauses", async () => {
    const flooded = deferred<ReturnType<typeof flood>>();
    const server = await serveProgress((call) => flooded.resolve(flood(call, { count: 3_000 })));
    const stream = grpcStreamToSse(server.client.watch({}), percent);
    for (let index = 0; index < 1_000; index++) await stream.next();
    const { written } = await flooded.promise;
    for (let round = 0; round < 50; round++) await server.barrier();
    expect(written()).toBeLessThan(1_200);
    expect((await collect(stream)).values).toHaveLength(2_000);
  });

  it("reads what is at hand in the same tick", async () => {
    const { client } = await serveProgress((call) => flood(call, { count: 10 }));
    const call = client.watch({});
    let transformed = 0;
    const stream = grpcStreamToSse(call, () => transformed++);
    while (call.readableLength < 10) await nextTurn();
    void stream.next();
    void stream.next();
    expect(transformed).toBe(2);
    stream.cancel();
  });
});
