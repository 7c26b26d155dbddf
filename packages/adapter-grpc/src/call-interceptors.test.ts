import { setImmediate as nextTurn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { InterceptingCall, type Interceptor, ListenerBuilder, Metadata, RequesterBuilder, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { GetResponseSchema, WatchRequestSchema, WatchResponseSchema } from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { serveHttp2 } from "../test/http2-server.ts";
import { connectWith } from "../test/listen.ts";
import { flood, serveProgress, statusOf, type WatchCall } from "../test/progress-server.ts";
import { grpcStreamToSse } from "./index.ts";

/** Answers with the `count` of the request. */
const echo = (call: WatchCall): void => {
  call.write({ percent: call.request.count });
  call.end();
};

/** An interceptor that sees what is sent and what comes back. */
function observer(name: string, seen: unknown[]): Interceptor {
  return (options, nextCall) => {
    seen.push([name, options.method_definition.path]);
    const listener = new ListenerBuilder()
      .withOnReceiveMessage((message, next) => {
        seen.push([name, "received", message]);
        next(message);
      })
      .build();
    return new InterceptingCall(
      nextCall(options),
      new RequesterBuilder()
        .withStart((metadata, _listener, next) => next(metadata, listener))
        .withSendMessage((message, next) => {
          seen.push([name, "sent", message]);
          next(message);
        })
        .build(),
    );
  };
}

/** An interceptor that sends what `replace` makes of the message. */
const replacing =
  (replace: (message: { count: number }) => unknown): Interceptor =>
  (options, nextCall) =>
    new InterceptingCall(nextCall(options), { sendMessage: (message, next) => next(replace(message)) });

/** An interceptor that adds to the metadata. */
const adding =
  (key: string, value: string): Interceptor =>
  (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.add(key, value);
        next(metadata, listener);
      },
    });

/** An interceptor that waits for a token before it lets the call start. */
const delaying =
  (token: Promise<string>): Interceptor =>
  (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) =>
        void token.then((authorization) => {
          metadata.set("authorization", authorization);
          next(metadata, listener);
        }),
    });

describe("createGrpcClient with interceptors", () => {
  it("shows them messages, not bytes, in order", async () => {
    const server = await serveProgress(echo);
    const seen: unknown[] = [];
    const client = connectWith(server.address, { interceptors: [observer("a", seen), observer("b", seen)] });
    await collect(client.watch({ count: 7 }));
    const sent = create(WatchRequestSchema, { count: 7 });
    const received = create(WatchResponseSchema, { percent: 7 });
    const path = "/ssewire.test.v1.ProgressService/Watch";
    expect(seen).toMatchObject([
      ["a", path],
      ["b", path],
      ["a", "sent", sent],
      ["b", "sent", sent],
      ["b", "received", received],
      ["a", "received", received],
    ]);
  });

  it("runs them for unary methods", async () => {
    const server = await serveProgress(echo);
    const seen: unknown[] = [];
    const client = connectWith(server.address, { interceptors: [observer("a", seen)] });
    expect(await client.get({ task: "four" })).toMatchObject({ percent: 4 });
    expect(seen.at(-1)).toMatchObject(["a", "received", create(GetResponseSchema, { percent: 4 })]);
  });

  it("uses those of a call instead of the client's, unless there are none", async () => {
    const server = await serveProgress(echo);
    const ofClient: unknown[] = [];
    const ofCall: unknown[] = [];
    const client = connectWith(server.address, { interceptors: [observer("client", ofClient)] });
    await client.get({}, { interceptors: [observer("call", ofCall)] });
    expect(ofClient).toEqual([]);
    expect(ofCall).toHaveLength(3);
    await client.get({}, { interceptors: [] });
    expect(ofClient).toHaveLength(3);
  });

  it.each<[string, (message: { count: number }) => unknown]>([
    ["another message", () => create(WatchRequestSchema, { count: 8 })],
    ["the init form of one", () => ({ count: 8 })],
    ["the same message, changed", (message) => Object.assign(message, { count: 8 })],
  ])("sends %s", async (_what, replace) => {
    const server = await serveProgress(echo);
    const call = server.client.watch({ count: 7 }, { interceptors: [replacing(replace)] });
    expect((await collect(grpcStreamToSse(call, ({ percent }) => percent))).values).toEqual([8]);
  });

  it("fails when the message they send cannot be encoded", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const call = server.client.watch({}, { interceptors: [replacing(() => ({ count: 2 ** 40 }))] });
    const { error } = await collect(call);
    expect(error).toMatchObject({ code: status.INTERNAL, details: expect.stringMatching(/serialization failure/) });
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it.each<[string, Interceptor]>([
    ["when its message cannot be encoded", replacing(() => ({ count: 2 ** 40 }))],
    [
      "when an interceptor throws after the call has started",
      (options, nextCall) =>
        new InterceptingCall(nextCall(options), {
          sendMessage: () => {
            throw new Error("no");
          },
        }),
    ],
  ])("resets the stream on a warm channel %s", async (_when, interceptor) => {
    const first = deferred();
    const reset = deferred();
    const { address } = await serveHttp2({
      stream(stream, headers) {
        if (headers["x-warming"] === undefined) stream.once("close", reset.resolve);
        else first.resolve();
      },
    });
    const client = connectWith(address);
    const warming = client.watch({}, { metadata: { "x-warming": "yes" } });
    await first.promise;
    let call: { cancel(): void } | undefined;
    try {
      call = client.watch({}, { interceptors: [interceptor] });
    } catch (error) {
      expect(error).toEqual(new Error("no"));
    }
    await reset.promise;
    call?.cancel();
    warming.cancel();
  });

  it("throws what an interceptor throws; a unary call rejects with it", async () => {
    const server = await serveProgress(echo);
    const failure = new Error("no token");
    const throwing: Interceptor = () => {
      throw failure;
    };
    const client = connectWith(server.address, { interceptors: [throwing] });
    expect(() => client.watch({})).toThrow(failure);
    await expect(client.get({})).rejects.toBe(failure);
    expect(server.watchCount()).toBe(0);
  });

  it("passes on the answer of an interceptor that makes no call", async () => {
    const server = await serveProgress(echo);
    const cached: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start(_metadata, listener) {
          listener.onReceiveMetadata(new Metadata());
          listener.onReceiveMessage(create(WatchResponseSchema, { percent: 99 }));
          listener.onReceiveStatus({ code: status.OK, details: "", metadata: new Metadata() });
        },
      });
    const client = connectWith(server.address, { interceptors: [cached], maxCallsPerConnection: 1 });
    const abort = new AbortController();
    const call = client.watch({}, { signal: abort.signal });
    await Promise.all([statusOf(call), collect(call)]);
    expect((await collect(client.watch({}))).values).toMatchObject([{ percent: 99 }]);
    expect(server.watchCount()).toBe(0);
  });

  it("emits the failure of an interceptor that makes no call", async () => {
    const server = await serveProgress(echo);
    const refusing: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (_metadata, listener) =>
          listener.onReceiveStatus({ code: status.UNAUTHENTICATED, details: "log in", metadata: new Metadata() }),
      });
    const client = connectWith(server.address, { interceptors: [refusing] });
    const call = client.watch({});
    expect((await collect(grpcStreamToSse(call, ({ percent }) => percent))).error).toMatchObject({ code: 16 });
    await expect(client.get({})).rejects.toMatchObject({ status: "UNAUTHENTICATED", message: "log in" });
  });

  it("sends the metadata they add, and leaves that of the caller alone", async () => {
    const received = deferred<unknown>();
    const server = await serveProgress((call) => {
      received.resolve(call.metadata.get("x-trace"));
      call.end();
    });
    const metadata = new Metadata();
    const call = server.client.watch({}, { metadata, interceptors: [adding("x-trace", "1f")] });
    await collect(call);
    expect(await received.promise).toEqual(["1f"]);
    expect(metadata.getMap()).toEqual({});
  });

  it("waits for one that starts the call later", async () => {
    const received: unknown[] = [];
    const server = await serveProgress((call) => {
      received.push(call.metadata.get("authorization"));
      echo(call);
    });
    const client = connectWith(server.address, { interceptors: [delaying(Promise.resolve("Bearer a"))] });
    expect((await collect(client.watch({ count: 7 }))).values).toMatchObject([{ percent: 7 }]);
    expect(await client.get({ task: "four" })).toMatchObject({ percent: 4 });
    expect(received).toEqual([["Bearer a"]]);
  });

  it("ends a call that is cancelled while one of them is busy, and never makes it", async () => {
    const server = await serveProgress(echo);
    const token = deferred<string>();
    const client = connectWith(server.address);
    await client.get({});
    const abort = new AbortController();
    const options = { signal: abort.signal, interceptors: [delaying(token.promise)] };
    const call = client.watch({}, options);
    const over = statusOf(call);
    const pending = client.get({}, options);
    abort.abort();
    await over;
    await expect(pending).rejects.toMatchObject({ status: "CANCELLED" });
    // `cancelCall` has cancelled twice by then.
    await nextTurn();
    token.resolve("Bearer a");
    await nextTurn();
    // On the same connection: the server has heard of all calls before this one.
    await client.get({});
    expect(server.watchCount()).toBe(0);
  });

  it("fails a call whose deadline passes while one of them is busy", async () => {
    const server = await serveProgress(echo);
    const token = deferred<string>();
    const client = connectWith(server.address, { interceptors: [delaying(token.promise)] });
    const deadline = Date.now() + 20;
    const pending = client.get({}, { deadline });
    const call = client.watch({}, { deadline });
    const over = statusOf(call);
    while (Date.now() <= deadline) await nextTurn();
    token.resolve("Bearer a");
    await expect(pending).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    await over;
  });

  it("cancels a call that one of them cancels the signal of", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const abort = new AbortController();
    const aborting: Interceptor = (options, nextCall) => {
      abort.abort();
      return new InterceptingCall(nextCall(options));
    };
    const call = server.client.watch({}, { signal: abort.signal, interceptors: [aborting] });
    await statusOf(call);
    await server.barrier();
    await server.allCancelled();
  });

  it("ends a call with INTERNAL whose metadata would drop the connection", async () => {
    const server = await serveProgress((call) => call.write({ percent: 1 }));
    const stream = grpcStreamToSse(server.client.watch({}), ({ percent }) => percent);
    await stream.next();
    const interceptors = [adding("connection", "close")];
    await expect(server.client.get({}, { interceptors })).rejects.toMatchObject({
      status: "INTERNAL",
      details: "`metadata` key `connection` is reserved for HTTP/2 and gRPC",
    });
    const { error } = await collect(server.client.watch({}, { interceptors }));
    expect(error).toMatchObject({ code: status.INTERNAL });
    await server.barrier();
    expect(server.watchCount()).toBe(1);
    // The stream that shares the connection has not noticed.
    const pending = stream.next();
    stream.cancel();
    expect(await pending).toEqual({ done: true, value: undefined });
    await server.allCancelled();
  });

  it.each([[{}], [[1]], [null]])("refuses %j", async (interceptors) => {
    const wrong = interceptors as unknown as Interceptor[];
    const message = /`interceptors` must be an array of functions, got (object|an array|null)$/;
    expect(() => connectWith("localhost:1", { interceptors: wrong })).toThrow(message);
    await expect(connectWith("localhost:1").get({}, { interceptors: wrong })).rejects.toThrow(message);
  });

  it("refuses them among the channel options, where they would see no message", () => {
    expect(() => connectWith("localhost:1", { channelOptions: { interceptors: [] } })).toThrow(
      new TypeError(
        "Cannot create gRPC client: `interceptors` in `channelOptions` is no channel option, which begin with `grpc.` or `grpc-node.`",
      ),
    );
  });
});
