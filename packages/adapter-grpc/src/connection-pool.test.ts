import { once } from "node:events";
import { type ClientReadableStream, InterceptingCall, type Interceptor } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { deferred } from "../test/deferred.ts";
import type { WatchResponse } from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { serveHttp2 } from "../test/http2-server.ts";
import { connectWith, listen } from "../test/listen.ts";
import { cancelled, fail, type ProgressClient, statusOf, type WatchCall } from "../test/progress-server.ts";

interface BusyServer {
  readonly address: string;
  /** The calls that have reached the server, by the connection they came on. */
  readonly calls: Map<string, WatchCall[]>;
  /** Resolves when that many calls in all have reached the server. */
  reached(count: number): Promise<void>;
  /** Resolves when all calls that have reached the server are cancelled. */
  allCancelled(): Promise<void>;
}

/** A server that permits ten calls per connection, and whose streams say one thing and then nothing. */
async function serveBusily(): Promise<BusyServer> {
  const calls = new Map<string, WatchCall[]>();
  const cancellations: Promise<void>[] = [];
  const arrivals: (() => void)[] = [];
  const address = await listen(
    {
      watch(call) {
        cancellations.push(cancelled(call));
        calls.set(call.getPeer(), [...(calls.get(call.getPeer()) ?? []), call]);
        call.write({ percent: 1 });
        for (const arrived of arrivals) arrived();
      },
    },
    { "grpc.max_concurrent_streams": 10 },
  );
  return {
    address,
    calls,
    async reached(count) {
      const arrived = deferred();
      const check = (): unknown => cancellations.length >= count && arrived.resolve();
      arrivals.push(check);
      check();
      await arrived.promise;
    },
    async allCancelled() {
      await Promise.all(cancellations);
    },
  };
}

/** A client that would share its connection with others, were there no limit. */
const connectLimited = (address: string, maxCallsPerConnection: number): ProgressClient =>
  connectWith(address, { maxCallsPerConnection, channelOptions: { "grpc.use_local_subchannel_pool": 0 } });

function open(client: ProgressClient, count: number): ClientReadableStream<WatchResponse>[] {
  return Array.from({ length: count }, () => client.watch({}));
}

function firstMessage(call: ClientReadableStream<WatchResponse>): Promise<WatchResponse> {
  return new Promise((resolve) => call.once("data", resolve));
}

async function cancelAll(calls: readonly ClientReadableStream<WatchResponse>[]): Promise<void> {
  const over = calls.map(statusOf);
  for (const call of calls) call.cancel();
  await Promise.all(over);
}

const sizes = ({ calls }: BusyServer): number[] => [...calls.values()].map(({ length }) => length);

describe("createGrpcClient without maxCallsPerConnection", () => {
  it("leaves calls beyond the server's limit waiting", async () => {
    const server = await serveBusily();
    const calls = open(connectWith(server.address), 11);
    await server.reached(10);
    // The server serves others, so it is the connection that is full.
    await connectWith(server.address).get({});
    expect(sizes(server)).toEqual([10]);
    // One that ends makes room on Node 20. From Node 22 on, the call that waited comes too soon and is refused.
    await cancelAll(calls);
    await server.allCancelled();
  });
});

describe("createGrpcClient with maxCallsPerConnection", () => {
  it("opens as many connections as its calls need", async () => {
    const server = await serveBusily();
    const client = connectLimited(server.address, 10);
    const calls = open(client, 35);
    for (const { percent } of await Promise.all(calls.map(firstMessage))) expect(percent).toBe(1);
    expect(sizes(server).sort()).toEqual([10, 10, 10, 5]);
    await cancelAll(calls);
    await server.allCancelled();
  });

  it.each<[string, (call: ClientReadableStream<WatchResponse>, served: WatchCall) => void]>([
    ["cancelled", (call) => call.cancel()],
    ["ended by the server", (_call, served) => served.end()],
    ["failed by the server", (_call, served) => fail(served, 5, "gone")],
  ])("gives a call to the first connection that has room, one of its calls having been %s", async (_how, end) => {
    const server = await serveBusily();
    const client = connectLimited(server.address, 2);
    const [first, ...others] = open(client, 3);
    if (first === undefined) throw new Error("no call");
    await server.reached(3);
    expect(sizes(server).sort()).toEqual([1, 2]);
    const [busy] = [...server.calls.values()].filter(({ length }) => length === 2);
    const [served] = busy ?? [];
    if (served === undefined) throw new Error("no call");
    const over = statusOf(first.resume());
    end(first, served);
    await over;
    others.push(client.watch({}), client.watch({}));
    await server.reached(5);
    // One more each: the one that has become free, and the one that had room.
    expect(sizes(server).sort()).toEqual([2, 3]);
    await cancelAll(others);
  });

  it("counts unary calls, too", async () => {
    const peers = new Set<string>();
    const bothArrived = deferred();
    const address = await listen({
      async get(call, respond) {
        peers.add(call.getPeer());
        if (peers.size === 2) bothArrived.resolve();
        await bothArrived.promise;
        respond(null, {});
      },
    });
    const client = connectLimited(address, 1);
    await Promise.all([client.get({}), client.get({})]);
    await client.get({});
    expect(peers.size).toBe(2);
  });

  it("does not count calls that were never made", async () => {
    const server = await serveBusily();
    const client = connectLimited(server.address, 2);
    const throwing: Interceptor = () => {
      throw new Error("no");
    };
    const calls = open(client, 1);
    expect(() => client.watch({}, { interceptors: [throwing] })).toThrow("no");
    expect(() => client.watch({ count: 2 ** 40 })).toThrow(TypeError);
    calls.push(client.watch({}));
    await server.reached(2);
    expect(sizes(server)).toEqual([2]);
    await cancelAll(calls);
  });

  it("counts a call while its interceptors run, which may make calls of their own", async () => {
    const server = await serveBusily();
    const client = connectLimited(server.address, 1);
    let inner: ClientReadableStream<WatchResponse> | undefined;
    const nesting: Interceptor = (options, nextCall) => {
      inner = client.watch({});
      return new InterceptingCall(nextCall(options));
    };
    const outer = client.watch({}, { interceptors: [nesting] });
    await server.reached(2);
    expect(sizes(server)).toEqual([1, 1]);
    await cancelAll(inner ? [outer, inner] : [outer]);
  });

  it("closes all its connections", async () => {
    const sessions: Promise<unknown>[] = [];
    let streams = 0;
    const bothArrived = deferred();
    const server = await serveHttp2({
      session: (session) => sessions.push(once(session, "close")),
      stream: () => ++streams === 2 && bothArrived.resolve(),
    });
    const client = connectLimited(server.address, 1);
    const calls = open(client, 2);
    await bothArrived.promise;
    await cancelAll(calls);
    client.close();
    expect(sessions).toHaveLength(2);
    await Promise.all(sessions);
  });

  it("makes no call when it is closed, and lets those under way go on", async () => {
    const server = await serveBusily();
    const client = connectLimited(server.address, 1);
    const calls = open(client, 3);
    await server.reached(3);
    client.close();
    client.close();
    expect(() => client.watch({})).toThrow(
      new Error("Cannot call ssewire.test.v1.ProgressService.Watch: the client is closed"),
    );
    await expect(client.get({})).rejects.toThrow("the client is closed");
    await Promise.all(calls.map(firstMessage));
    await cancelAll(calls);
    await server.allCancelled();
  });

  it.each([
    ["3", TypeError, "must be a number, got string"],
    [0, RangeError, "must be an integer of at least 1, got 0"],
    [1.5, RangeError, "must be an integer of at least 1, got 1.5"],
    [Number.NaN, RangeError, "must be an integer of at least 1, got NaN"],
  ])("refuses %j", (maxCallsPerConnection, type, message) => {
    const create = (): unknown =>
      connectWith("localhost:1", { maxCallsPerConnection: maxCallsPerConnection as unknown as number });
    expect(create).toThrow(type);
    expect(create).toThrow(`Cannot create gRPC client: \`maxCallsPerConnection\` ${message}`);
  });
});
