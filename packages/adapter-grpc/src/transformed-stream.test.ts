import { getEventListeners, setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { deferred } from "../test/deferred.ts";
import { cancelled, fail, flood, serveProgress } from "../test/progress-server.ts";
import { type GrpcSseStream, grpcStreamToSse } from "./index.ts";

interface Watching {
  readonly stream: GrpcSseStream<number>;
  readonly abort: AbortController;
  /** Resolves when the server is told of the cancellation; the time limit of the test is the guard. */
  readonly cancelled: Promise<void>;
}

/** A stream not read yet. An idle server writes one message, a busy one never stops. */
async function watching(channel: "cold" | "warm", server: "idle" | "busy"): Promise<Watching> {
  const arrived = deferred<{ cancelled: Promise<void> }>();
  const { client } = await serveProgress((call) => {
    arrived.resolve({ cancelled: cancelled(call) });
    if (server === "idle") call.write({ percent: 0 });
    else flood(call);
  });
  if (channel === "warm") await client.get({});
  const abort = new AbortController();
  const stream = grpcStreamToSse(client.watch({}), (message) => message.percent, { signal: abort.signal });
  return { stream, abort, cancelled: arrived.promise.then((call) => call.cancelled) };
}

const DONE = { done: true, value: undefined };

const WAYS: Record<string, (watching: Watching) => Promise<unknown>> = {
  async "a break"({ stream }) {
    for await (const percent of stream) {
      expect(percent).toBe(0);
      break;
    }
  },
  async "a throw in the loop"({ stream }) {
    const loop = async (): Promise<void> => {
      for await (const percent of stream) throw new RangeError(`${percent}`);
    };
    await expect(loop()).rejects.toThrow(new RangeError("0"));
  },
  async "return()"({ stream }) {
    await stream.next();
    expect(await stream.return()).toEqual(DONE);
  },
  async "throw()"({ stream }) {
    await stream.next();
    const error = new Error("enough");
    await expect(stream.throw(error)).rejects.toBe(error);
  },
  async "cancel()"({ stream }) {
    await stream.next();
    stream.cancel();
  },
  async disposal({ stream }) {
    await stream.next();
    await stream[Symbol.asyncDispose]();
  },
  async "an abort of its signal"({ stream, abort }) {
    await stream.next();
    abort.abort();
  },
};

describe.each([
  ["cold", "idle"],
  ["cold", "busy"],
  ["warm", "idle"],
  ["warm", "busy"],
] as const)("grpcStreamToSse on a %s channel with an %s server", (channel, server) => {
  it.each(Object.entries(WAYS))("cancels the RPC on %s", async (_name, leave) => {
    const watched = await watching(channel, server);
    await leave(watched);
    await watched.cancelled;
    expect(await watched.stream.next()).toEqual(DONE);
  });
});

describe("grpcStreamToSse, left while a next() is pending on an idle stream", () => {
  it.each([
    ["return()", ({ stream }: Watching) => stream.return()],
    ["throw()", ({ stream }: Watching) => stream.throw().catch(() => undefined)],
    ["cancel()", ({ stream }: Watching) => stream.cancel()],
    ["disposal", ({ stream }: Watching) => stream[Symbol.asyncDispose]()],
    ["an abort of its signal", ({ abort }: Watching) => abort.abort()],
  ])("settles every next() on %s without waiting for the server", async (_name, leave) => {
    const watched = await watching("warm", "idle");
    await watched.stream.next();
    const pending = [watched.stream.next(), watched.stream.next()];
    let hasServerHeard = false;
    void watched.cancelled.then(() => {
      hasServerHeard = true;
    });
    await leave(watched);
    expect(await Promise.all(pending)).toEqual([DONE, DONE]);
    expect(hasServerHeard).toBe(false);
    await watched.cancelled;
  });
});

describe("grpcStreamToSse", () => {
  it("opens no RPC when its signal is aborted already", async () => {
    let isOpened = false;
    const stream = grpcStreamToSse(
      () => {
        isOpened = true;
        return count(1);
      },
      (message) => message,
      { signal: AbortSignal.abort() },
    );
    expect(await stream.next()).toEqual(DONE);
    expect(isOpened).toBe(false);
  });

  it("opens no RPC when it is left before the first next()", async () => {
    let isOpened = false;
    const stream = grpcStreamToSse(
      () => {
        isOpened = true;
        return count(1);
      },
      (message) => message,
    );
    stream.cancel();
    expect(await stream.next()).toEqual(DONE);
    expect(isOpened).toBe(false);
  });

  it("cancels a call that a factory made from its signal while the server is silent", async () => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => arrived.resolve({ cancelled: cancelled(call) }));
    const stream = grpcStreamToSse(
      ({ signal }) => client.watch({}, { signal }),
      (message) => message.percent,
    );
    const pending = stream.next();
    const call = await arrived.promise;
    stream.cancel();
    expect(await pending).toEqual(DONE);
    await call.cancelled;
  });

  it("gives its reason to the signal of the factory", async () => {
    const signals: AbortSignal[] = [];
    const open = ({ signal }: { signal: AbortSignal }): AsyncIterable<number> => {
      signals.push(signal);
      return count(1);
    };
    const cancelledStream = grpcStreamToSse(open, (message) => message);
    await cancelledStream.next();
    cancelledStream.cancel("no longer needed");
    const endedStream = grpcStreamToSse(open, (message) => message);
    await endedStream.next();
    expect(signals[1]?.aborted).toBe(false);
    await endedStream.next();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    expect(signals[0]?.reason).toBe("no longer needed");
    expect(signals[1]?.reason).toMatchObject({ name: "AbortError" });
  });

  it("ends once, however often and late it is told to", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 1 });
      call.end();
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    expect([await stream.next(), await stream.next()]).toEqual([{ done: false, value: 1 }, DONE]);
    stream.cancel();
    expect(await Promise.all([stream.return(), stream.return(), stream.next()])).toEqual([DONE, DONE, DONE]);
    await stream[Symbol.asyncDispose]();
  });

  it("takes a cancellation that is not its own for an error", async () => {
    const { client } = await serveProgress((call) => call.write({ percent: 0 }));
    const call = client.watch({});
    const stream = grpcStreamToSse(call, (message) => message.percent);
    await stream.next();
    const pending = stream.next();
    call.cancel();
    await expect(pending).rejects.toMatchObject({ code: 1, status: "CANCELLED", message: "The call was cancelled" });
    expect(await stream.next()).toEqual(DONE);
  });

  it("takes a call destroyed by somebody else for a failed one, and cancels it", async () => {
    const watched = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => {
      call.write({ percent: 0 });
      watched.resolve({ cancelled: cancelled(call) });
    });
    const call = client.watch({});
    const stream = grpcStreamToSse(call, (message) => message.percent);
    await stream.next();
    const pending = stream.next();
    call.destroy();
    await expect(pending).rejects.toMatchObject({
      code: 2,
      message: "Unknown error",
      details: "Cannot read gRPC call: it was destroyed before its end",
    });
    await (await watched.promise).cancelled;
  });

  it("passes on the error a call is destroyed with, and cancels it", async () => {
    const watched = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => watched.resolve({ cancelled: cancelled(call) }));
    const call = client.watch({});
    const stream = grpcStreamToSse(call, (message) => message.percent);
    const pending = stream.next();
    const arrived = await watched.promise;
    const error = new Error("out of patience");
    call.destroy(error);
    await expect(pending).rejects.toBe(error);
    await arrived.cancelled;
  });

  it("leaves no listener on a signal that 200 streams have shared", async () => {
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const { client } = await serveProgress((call) => {
      if (call.request.task === "fail") fail(call, 5, "no such task");
      else if (call.request.task === "end") call.end();
      else call.write({ percent: 0 });
    });
    const open = (task: string): GrpcSseStream<number> =>
      grpcStreamToSse(client.watch({ task }), (message) => message.percent, { signal: abort.signal });
    const endings: (() => Promise<unknown>)[] = [
      () => open("end").next(),
      () => expect(open("fail").next()).rejects.toThrow("no such task"),
      () => open("go on").return(),
      async () => {
        for await (const _ of open("go on")) break;
      },
    ];
    await Promise.all(Array.from({ length: 50 }, () => endings.map((end) => end())).flat());
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);

    const streams = Array.from({ length: 200 }, () => open("go on"));
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(200);
    abort.abort();
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
    expect(await Promise.all(streams.map((stream) => stream.next()))).toEqual(streams.map(() => DONE));
  });
});

async function* count(length: number): AsyncGenerator<number> {
  for (let index = 0; index < length; index++) yield index;
}
