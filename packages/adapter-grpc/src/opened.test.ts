import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { otherClients } from "../test/other-clients.ts";
import { cancelled, connect, fail, serveProgress } from "../test/progress-server.ts";
import { type GrpcSseStream, grpcStreamToSse } from "./index.ts";

const DONE = { done: true, value: undefined };

/** Whether a promise settles before the server has answered all it was sent before. */
async function isSettledAfter(promise: Promise<unknown>, barrier: () => Promise<void>): Promise<boolean> {
  let isSettled = false;
  const settled = (): void => {
    isSettled = true;
  };
  promise.then(settled, settled);
  await barrier();
  return isSettled;
}

describe("grpcStreamToSse, opened()", () => {
  it("opens a factory's stream, and resolves on metadata", async () => {
    const { client } = await serveProgress((call) => call.sendMetadata(new Metadata()));
    let count = 0;
    const stream = grpcStreamToSse(
      ({ signal }) => {
        count++;
        return client.watch({}, { signal });
      },
      (message) => message.percent,
    );
    await Promise.all([stream.opened(), stream.opened()]);
    await stream.opened();
    expect(count).toBe(1);
  });

  it("resolves on a message, and neither transforms nor loses it", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 1 });
      call.write({ percent: 2 });
      call.end();
    });
    let transformed = 0;
    const stream = grpcStreamToSse(client.watch({}), (message) => {
      transformed++;
      return message.percent;
    });
    await stream.opened();
    expect(transformed).toBe(0);
    expect((await collect(stream)).values).toEqual([1, 2]);
    await stream.opened();
  });

  it("resolves on the end of an empty stream", async () => {
    const { client } = await serveProgress((call) => call.end());
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    await stream.opened();
    expect(await stream.next()).toEqual(DONE);
  });

  it("is pending while the server is silent, and lets next() wait beside it", async () => {
    const gate = deferred();
    const server = await serveProgress(async (call) => {
      await gate.promise;
      call.write({ percent: 7 });
      call.end();
    });
    const stream = grpcStreamToSse(server.client.watch({}), (message) => message.percent);
    const opened = stream.opened();
    const pending = stream.next();
    expect(await isSettledAfter(opened, server.barrier)).toBe(false);
    gate.resolve();
    await opened;
    expect(await pending).toEqual({ done: false, value: 7 });
  });

  it.each<[string, (stream: GrpcSseStream<number>) => unknown, object]>([
    ["cancel()", (stream) => stream.cancel(), { name: "AbortError" }],
    ["cancel(reason)", (stream) => stream.cancel(new RangeError("enough")), { name: "RangeError" }],
    ["return()", (stream) => stream.return(), { name: "AbortError" }],
  ])("rejects with the reason when the stream is left before, by %s", async (_way, leave, reason) => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => arrived.resolve({ cancelled: cancelled(call) }));
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    const opened = stream.opened();
    const call = await arrived.promise;
    leave(stream);
    await expect(opened).rejects.toMatchObject(reason);
    await expect(stream.opened()).rejects.toMatchObject(reason);
    expect(await stream.next()).toEqual(DONE);
    await call.cancelled;
  });

  it("does not end the process when nobody looks at it any more", async () => {
    const stream = grpcStreamToSse(
      () => new Promise<never>(() => undefined),
      (message) => message,
    );
    stream.opened();
    stream.cancel();
    // An unhandled rejection is reported in the turn after, and fails the run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("rejects with the failure, of which next() is told, too, and once", async () => {
    const { client } = await serveProgress((call) => fail(call, 7, "not yours"));
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    await expect(stream.opened()).rejects.toMatchObject({ status: "PERMISSION_DENIED", message: "not yours" });
    await expect(stream.opened()).rejects.toMatchObject({ status: "PERMISSION_DENIED" });
    await expect(stream.next()).rejects.toMatchObject({ status: "PERMISSION_DENIED" });
    expect(await stream.next()).toEqual(DONE);
  });

  it("rejects when the factory does", async () => {
    const stream = grpcStreamToSse(
      () => Promise.reject(new RangeError("no client")),
      (message) => message,
    );
    await expect(stream.opened()).rejects.toThrow(new RangeError("no client"));
    await expect(stream.next()).rejects.toThrow(new RangeError("no client"));
  });

  it("leaves nothing for the next() of one who has left after the failure", async () => {
    const { client } = await serveProgress((call) => fail(call, 5, "gone"));
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    await expect(stream.opened()).rejects.toThrow("gone");
    expect(await stream.return()).toEqual(DONE);
    expect(await stream.next()).toEqual(DONE);
  });

  it("is settled after a failure that came after the opening", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 1 });
      fail(call, 5, "gone");
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    const { values, error } = await collect(stream);
    expect(values).toEqual([1]);
    expect(error).toMatchObject({ status: "NOT_FOUND" });
    await stream.opened();
  });

  it.each(otherClients)("resolves on the first message of %s, and rejects on its failure", async (_name, watch) => {
    const server = await serveProgress((call) => {
      if (call.request.task === "fail") fail(call, 5, "no such task");
      else {
        call.write({ percent: 3 });
        call.end();
      }
    });
    const open = (task: string): GrpcSseStream<number> =>
      grpcStreamToSse(
        ({ signal }) => watch(server.address)({ task }, { signal }),
        (message) => message.percent,
      );
    const stream = open("run");
    await stream.opened();
    expect((await collect(stream)).values).toEqual([3]);
    await expect(open("fail").opened()).rejects.toMatchObject({ status: "NOT_FOUND", message: "no such task" });
  });

  it("rejects when nobody listens at the address", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    const stream = grpcStreamToSse(connect(server.address).watch({}), (message) => message.percent);
    await expect(stream.opened()).rejects.toMatchObject({ status: "UNAVAILABLE", message: "Service unavailable" });
  });
});
