import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { deferred } from "../test/deferred.ts";
import { flood, serveProgress, statusOf } from "../test/progress-server.ts";
import { reaching } from "../test/runtime.ts";
import { cancelCall } from "./cancel-call.ts";
import { grpcStreamToSse } from "./index.ts";

const DONE = { done: true, value: undefined };

describe("cancelCall", () => {
  it("reaches the server when the call was made in the same tick on a warm channel", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    for (let index = 0; index < 10; index++) cancelCall(server.client.watch({}));
    await server.barrier();
    // grpc-js opens streams all the same, not all ten of them. Were they not cancelled, this would wait for ever.
    expect(server.watchCount()).toBeGreaterThanOrEqual(reaching(1));
    await server.allCancelled();
  });

  it("cancels before the turn of the event loop is over", async () => {
    const { client } = await serveProgress(flood);
    let isNextTurn = false;
    setImmediate(() => {
      isNextTurn = true;
    });
    const call = client.watch({});
    const status = statusOf(call);
    cancelCall(call);
    await status;
    expect(isNextTurn).toBe(false);
  });

  it("does nothing to a call that is over", async () => {
    const { client } = await serveProgress((call) => call.end());
    const call = client.watch({}).resume();
    await once(call, "end");
    cancelCall(call);
    await client.get({});
  });
});

describe("grpcStreamToSse", () => {
  it("cancels a call handed over and let go of in the tick in which it was made", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const stream = grpcStreamToSse(server.client.watch({}), (message) => message.percent);
    stream.cancel();
    expect(await stream.next()).toEqual(DONE);
    await server.barrier();
    expect(server.watchCount()).toBe(reaching(1));
    await server.allCancelled();
  });

  it("cancels a call handed over with a signal that is aborted already", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const stream = grpcStreamToSse(server.client.watch({}), (message) => message.percent, {
      signal: AbortSignal.abort(),
    });
    expect(await stream.next()).toEqual(DONE);
    await server.barrier();
    expect(server.watchCount()).toBe(reaching(1));
    await server.allCancelled();
  });

  it("cancels what a factory opens too late", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const gate = deferred();
    const opened = deferred();
    const stream = grpcStreamToSse(
      async () => {
        await gate.promise;
        // The signal is not handed on: the call has to be cancelled by what it is handed to.
        const call = server.client.watch({});
        opened.resolve();
        return call;
      },
      (message) => message.percent,
    );
    const pending = stream.next();
    stream.cancel();
    expect(await pending).toEqual(DONE);
    gate.resolve();
    await opened.promise;
    await server.barrier();
    expect(server.watchCount()).toBe(reaching(1));
    await server.allCancelled();
  });
});
