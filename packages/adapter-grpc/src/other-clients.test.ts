import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { otherClients } from "../test/other-clients.ts";
import { cancelled, fail, flood, serveProgress, type WatchCall } from "../test/progress-server.ts";
import { endOvertakesData } from "../test/runtime.ts";
import { type GrpcSseStream, grpcStreamToSse } from "./index.ts";

const DONE = { done: true, value: undefined };

describe.each(otherClients)("grpcStreamToSse, with a factory that calls through %s", (name, watch) => {
  interface Watching {
    readonly stream: GrpcSseStream<number>;
    readonly abort: AbortController;
    /** The server's side of the call, once it has arrived. */
    readonly arrived: Promise<{ readonly cancelled: Promise<void> }>;
    barrier(): Promise<void>;
  }

  async function watching(serve: (call: WatchCall) => void): Promise<Watching> {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const server = await serveProgress((call) => {
      arrived.resolve({ cancelled: cancelled(call) });
      serve(call);
    });
    const open = watch(server.address);
    const abort = new AbortController();
    const stream = grpcStreamToSse(
      ({ signal }) => open({}, { signal }),
      (message) => message.percent,
      { signal: abort.signal },
    );
    return { stream, abort, arrived: arrived.promise, barrier: server.barrier };
  }

  it("gives all messages in order, then the end", async () => {
    const { stream } = await watching((call) => flood(call, { count: 500 }));
    const { values, error } = await collect(stream);
    expect(error).toBeUndefined();
    expect(values).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });

  it("gives the messages before a failure, then the failure", async () => {
    const { stream } = await watching((call) => {
      for (let percent = 0; percent < 8; percent++) call.write({ percent });
      fail(call, 13, "db 10.0.0.7 is away");
    });
    const { values, error } = await collect(stream);
    const sent = [0, 1, 2, 3, 4, 5, 6, 7];
    // Connect has its own way of reading HTTP/2.
    const isComplete = !endOvertakesData || name === "Connect";
    expect(values).toEqual(isComplete ? sent : sent.slice(0, values.length));
    expect(error).toMatchObject({ name: "GrpcStreamError", status: "INTERNAL", message: "Internal error" });
  });

  it.each<[string, (watching: Watching) => unknown]>([
    ["return()", ({ stream }) => stream.return()],
    ["cancel()", ({ stream }) => stream.cancel()],
    ["an abort of its signal", ({ abort }) => abort.abort()],
  ])("cancels the RPC on %s while a message is waited for on an idle stream", async (_way, leave) => {
    const watched = await watching((call) => call.write({ percent: 0 }));
    expect(await watched.stream.next()).toEqual({ done: false, value: 0 });
    const pending = watched.stream.next();
    leave(watched);
    expect(await pending).toEqual(DONE);
    await (await watched.arrived).cancelled;
    expect(getEventListeners(watched.abort.signal, "abort")).toEqual([]);
  });

  it("cancels the RPC on a break while the server floods", async () => {
    const { stream, arrived } = await watching(flood);
    for await (const percent of stream) if (percent === 100) break;
    await (await arrived).cancelled;
  });

  it("cancels the RPC when it is left before the server has said anything", async () => {
    const { stream, arrived } = await watching(() => undefined);
    const pending = stream.next();
    const call = await arrived;
    stream.cancel();
    expect(await pending).toEqual(DONE);
    await call.cancelled;
  });
});

// protobuf-ts reads its calls in 'data' mode: what the server sends piles up in it, whoever reads or does not.
const withBackpressure = otherClients.filter(([name]) => name !== "protobuf-ts");

it.each(withBackpressure)(
  "grpcStreamToSse stops the server while its reader pauses, through %s",
  async (_name, watch) => {
    const flooded = deferred<ReturnType<typeof flood>>();
    const server = await serveProgress((call) => flooded.resolve(flood(call, { count: 3_000 })));
    const open = watch(server.address);
    const stream = grpcStreamToSse(
      ({ signal }) => open({}, { signal }),
      (message) => message.percent,
    );
    for (let index = 0; index < 1_000; index++) await stream.next();
    const { written } = await flooded.promise;
    for (let round = 0; round < 50; round++) await server.barrier();
    expect(written()).toBeLessThan(1_300);
    expect((await collect(stream)).values).toHaveLength(2_000);
  },
);
