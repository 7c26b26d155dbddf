import { getEventListeners, setMaxListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { create, type DescService } from "@bufbuild/protobuf";
import { type ClientReadableStream, credentials, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { NamesService, ThenResponseSchema } from "../test/gen/ssewire/test/v1/names_pb.ts";
import {
  DoorService,
  type GetResponse,
  ProgressService,
  WatchRequestSchema,
  type WatchResponse,
} from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { cancelled, connect, fail, flood, serveProgress, statusOf } from "../test/progress-server.ts";
import { reaching } from "../test/runtime.ts";
import {
  createGrpcClient,
  type GrpcCallOptions,
  type GrpcClient,
  type GrpcClientOptions,
  type GrpcServiceImplementation,
  serviceDefinition,
} from "./client.ts";
import { GrpcStreamError, grpcStreamToSse } from "./index.ts";

const insecure = credentials.createInsecure();

describe("createGrpcClient, a unary method", () => {
  it("resolves with the response", async () => {
    const { client } = await serveProgress((call) => call.end());
    expect(await client.get({ task: "four" })).toMatchObject({ percent: 4 });
  });

  it("rejects with a GrpcStreamError when the call fails", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    const error: unknown = await connect(server.address)
      .get({})
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GrpcStreamError);
    expect(error).toMatchObject({ status: "UNAVAILABLE", message: "Service unavailable" });
  });

  it("is cancelled by its signal", async () => {
    const server = await serveProgress((call) => call.end());
    const abort = new AbortController();
    const pending = server.client.get({}, { signal: abort.signal });
    abort.abort();
    await expect(pending).rejects.toMatchObject({ status: "CANCELLED" });
  });

  it("makes no call when its signal is aborted already", async () => {
    const { client } = await serveProgress((call) => call.end());
    const signal = AbortSignal.abort("gone");
    await expect(client.get({}, { signal })).rejects.toMatchObject({ status: "CANCELLED", cause: "gone" });
  });

  it("leaves no listener on its signal", async () => {
    const server = await serveProgress((call) => call.end());
    const { signal } = new AbortController();
    await server.client.get({}, { signal });
    await nextTurn();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("rejects when an option is wrong", async () => {
    const { client } = await serveProgress((call) => call.end());
    await expect(client.get({}, { timeoutMs: 0 })).rejects.toThrow(RangeError);
  });
});

describe("createGrpcClient, a server streaming method", () => {
  it("gives a call to iterate", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: call.request.count });
      call.end();
    });
    const call = client.watch({ count: 7 });
    expect((await collect(grpcStreamToSse(call, (message) => message.percent))).values).toEqual([7]);
  });

  it("sends its metadata and its deadline", async () => {
    const received = deferred<{ trace: unknown; deadline: unknown }>();
    const { client } = await serveProgress((call) => {
      received.resolve({ trace: call.metadata.get("trace"), deadline: call.getDeadline() });
      call.end();
    });
    const metadata = new Metadata();
    metadata.set("trace", "1f");
    const before = Date.now();
    client.watch({}, { metadata, timeoutMs: 60_000 }).resume();
    const { trace, deadline } = await received.promise;
    expect(trace).toEqual(["1f"]);
    expect(Number(deadline)).toBeGreaterThan(before + 30_000);
    expect(Number(deadline)).toBeLessThan(Date.now() + 61_000);
  });

  it("is cancelled by its signal, in the tick in which it was made too", async () => {
    const server = await serveProgress(flood);
    await server.client.get({});
    const abort = new AbortController();
    const call = server.client.watch({}, { signal: abort.signal });
    const status = statusOf(call);
    abort.abort();
    await status;
    await server.barrier();
    expect(server.watchCount()).toBe(reaching(1));
    await server.allCancelled();
  });

  it("makes no call when its signal is aborted already", async () => {
    const server = await serveProgress(flood);
    expect(() => server.client.watch({}, { signal: AbortSignal.abort() })).toThrow(GrpcStreamError);
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it("leaves no listener on its signal, however it ends", async () => {
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const { client } = await serveProgress((call) => {
      if (call.request.task === "fail") fail(call, 5, "no such task");
      else if (call.request.task === "end") call.end();
    });
    const calls = ["fail", "end", "go on"].map((task) => client.watch({ task }, { signal: abort.signal }).resume());
    calls[2]?.cancel();
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(3);
    await Promise.all(calls.map(statusOf));
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  it("does not end the process when it fails before anybody listens", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    await statusOf(connect(server.address).watch({}));
  });
});

describe("createGrpcClient", () => {
  it("throws from client streaming and bidi methods", async () => {
    const { client } = await serveProgress((call) => call.end());
    const methods = client as unknown as Record<string, () => void>;
    expect(() => methods["upload"]?.()).toThrow(
      new TypeError(
        "Cannot call ssewire.test.v1.ProgressService.Upload: client streaming methods are not supported, use grpc-js itself",
      ),
    );
    expect(() => methods["chat"]?.()).toThrow(/ProgressService\.Chat: bidi streaming methods are not supported/);
    expectTypeOf(client).not.toHaveProperty("upload");
    expectTypeOf(client).not.toHaveProperty("chat");
  });

  it("refuses a service with an rpc named Close", () => {
    expect(() => createGrpcClient(DoorService, "localhost:1", { credentials: insecure })).toThrow(
      new TypeError(
        "Cannot create gRPC client: rpc ssewire.test.v1.DoorService.Close would hide the client's own `close`",
      ),
    );
  });

  it("is no thenable, whatever the service has", async () => {
    const make = async (): Promise<GrpcClient<typeof NamesService>> => {
      const client = createGrpcClient(NamesService, "localhost:1", { credentials: insecure });
      onTestFinished(() => client.close());
      return client;
    };
    const client = await make();
    expect(client).not.toHaveProperty("then");
    expect(typeof client.then$).toBe("function");
    expectTypeOf(client).not.toHaveProperty("then");
    expectTypeOf<keyof typeof client>().toEqualTypeOf<
      "then$" | "constructor$" | "toString$" | "close" | typeof Symbol.dispose
    >();
  });

  it("calls methods whose names JavaScript has a meaning for", async () => {
    const server = new Server();
    const implementation: GrpcServiceImplementation<typeof NamesService> = {
      // biome-ignore lint/suspicious/noThenProperty: the rpc is called `Then`
      then: (_call, respond) => respond(null, {}),
      constructor$: (_call, respond) => respond(null, {}),
      toString$: (call) => call.end(),
    };
    server.addService(serviceDefinition(NamesService), implementation);
    onTestFinished(() => server.forceShutdown());
    const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
    const client = createGrpcClient(NamesService, `127.0.0.1:${port}`, { credentials: insecure });
    onTestFinished(() => client.close());
    expect(await client.then$({})).toEqual(create(ThenResponseSchema));
    await client.constructor$({});
    expect((await collect(client.toString$({}))).values).toEqual([]);
    expect(String(client)).toBe("[object Object]");
  });

  it.each([
    ["undefined", undefined],
    ["a message descriptor", WatchRequestSchema],
    ["a service of another library", { serviceName: "acme.Progress" }],
  ])("refuses %s for a service", (_what, service) => {
    expect(() => createGrpcClient(service as unknown as DescService, "localhost:1", { credentials: insecure })).toThrow(
      /^Cannot create gRPC client: `service` must be a service descriptor, as protoc-gen-es 2 generates them, got /,
    );
  });

  it.each<[unknown, string]>([
    [undefined, "`address` must be a string, got undefined"],
    ["", "`address` is empty"],
    ["http://localhost:1", '`address` is a URL, `http://localhost:1`; give "host:port" or a gRPC target'],
  ])("refuses the address %j", (address, message) => {
    expect(() => createGrpcClient(ProgressService, address as string, { credentials: insecure })).toThrow(
      new TypeError(`Cannot create gRPC client: ${message}`),
    );
  });

  it.each<[unknown, string]>([
    [undefined, "`options` must be an object, got undefined"],
    [{}, "`credentials` must be ChannelCredentials of @grpc/grpc-js, got undefined"],
    [{ credentials: {} }, "`credentials` must be ChannelCredentials of @grpc/grpc-js, got object"],
    [{ credentials: insecure, channelOptions: 1 }, "`channelOptions` must be an object, got number"],
    [
      { credentials: insecure, keepalive: 1 },
      "unknown option `keepalive`, allowed are `credentials`, `channelOptions`, `maxCallsPerConnection`, `metadata`, `interceptors`",
    ],
  ])("refuses wrong options: %#", (options, message) => {
    expect(() => createGrpcClient(ProgressService, "localhost:1", options as GrpcClientOptions)).toThrow(
      new TypeError(`Cannot create gRPC client: ${message}`),
    );
  });

  it.each<[object | null, string]>([
    [null, "`options` must be an object, got null"],
    [
      { timeout: 1 },
      "unknown option `timeout`, allowed are `signal`, `deadline`, `timeoutMs`, `metadata`, `interceptors`",
    ],
    [{ signal: {} }, "`signal` must be an AbortSignal, got object"],
    [{ deadline: 1, timeoutMs: 1 }, "`deadline` and `timeoutMs` are both given"],
    [{ deadline: "soon" }, "`deadline` must be a Date or a number, got string"],
    [{ deadline: new Date(Number.NaN) }, "`deadline` is not a valid time"],
    [{ timeoutMs: "1" }, "`timeoutMs` must be a number, got string"],
    [{ timeoutMs: -1 }, "`timeoutMs` is -1, not greater than 0"],
    [{ timeoutMs: Number.NaN }, "`timeoutMs` is NaN, not greater than 0"],
  ])("refuses wrong options of a call: %#", async (options, message) => {
    const server = await serveProgress((call) => call.end());
    expect(() => server.client.watch({}, options as GrpcCallOptions)).toThrow(
      `Cannot call ssewire.test.v1.ProgressService.Watch: ${message}`,
    );
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it("refuses a request that cannot be encoded, before anything is sent", async () => {
    const server = await serveProgress((call) => call.end());
    expect(() => server.client.watch({ count: 2 ** 40 })).toThrow(
      new TypeError(
        "Cannot call ssewire.test.v1.ProgressService.Watch: the request is not a valid ssewire.test.v1.WatchRequest",
      ),
    );
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it("makes no call after close(), and lets those under way go on", async () => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => {
      arrived.resolve({ cancelled: cancelled(call) });
      call.write({ percent: 0 });
      call.write({ percent: 1 });
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    await stream.next();
    client[Symbol.dispose]();
    expect(() => client.watch({})).toThrow();
    await expect(client.get({})).rejects.toThrow();
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    await stream.return();
    await (await arrived.promise).cancelled;
  });

  it("types its methods", () => {
    type Client = GrpcClient<typeof ProgressService>;
    expectTypeOf<Client["watch"]>().returns.toEqualTypeOf<ClientReadableStream<WatchResponse>>();
    expectTypeOf<Client["get"]>().returns.toEqualTypeOf<Promise<GetResponse>>();
    expectTypeOf<Client["watch"]>().parameter(0).toExtend<{ task?: string; count?: number }>();
    expectTypeOf<Client["watch"]>().parameter(1).toEqualTypeOf<GrpcCallOptions | undefined>();
    expectTypeOf<Client["close"]>().toEqualTypeOf<() => void>();
    expectTypeOf<keyof Client>().toEqualTypeOf<"get" | "watch" | "close" | typeof Symbol.dispose>();
  });
});
