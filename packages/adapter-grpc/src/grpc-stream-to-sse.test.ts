import { type SseEvent, sse } from "@ssewire/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import type { WatchResponse } from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { cancelled, type ProgressClient, serveProgress } from "../test/progress-server.ts";
import { type GrpcSseStream, type GrpcStreamSource, grpcStreamToSse } from "./index.ts";

const DONE = { done: true, value: undefined };

async function* numbers(length: number): AsyncGenerator<number> {
  for (let index = 0; index < length; index++) yield index;
}

describe("grpcStreamToSse, its transform", () => {
  it("gives values, events and arrays of them, and skips null and undefined", async () => {
    const event = sse({ half: true }, { event: "half", id: "2" });
    const results = ["zero", null, event, ["three", event, null, undefined], [], undefined, [[6, 7]], 0, "", false];
    const { values } = await collect(grpcStreamToSse(numbers(results.length), (index) => results[index]));
    expect(values).toEqual(["zero", event, "three", event, [6, 7], 0, "", false]);
  });

  it("is called with each message's index", async () => {
    const { values } = await collect(grpcStreamToSse(numbers(3), (message, { index }) => [message, index]));
    expect(values).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("is called with the messages of a real call", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 50 });
      call.end();
    });
    const { values } = await collect(grpcStreamToSse(client.watch({}), ({ percent }) => ({ percent })));
    expect(values).toEqual([{ percent: 50 }]);
  });

  it("may be async, one message at a time and in order", async () => {
    let running = 0;
    const stream = grpcStreamToSse(numbers(4), async (message) => {
      expect(++running).toBe(1);
      // The first takes longest.
      for (let turn = message; turn < 4; turn++) await Promise.resolve();
      running--;
      return message === 1 ? null : [message, message];
    });
    const results = await Promise.all(Array.from({ length: 7 }, () => stream.next()));
    expect(results.map((result) => result.value)).toEqual([0, 0, 2, 2, 3, 3, undefined]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new RangeError("odd");
      },
    ],
    ["rejects", () => Promise.reject(new RangeError("odd"))],
  ])("cancels the RPC and fails the stream when it %s", async (_how, transform: () => unknown) => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => {
      arrived.resolve({ cancelled: cancelled(call) });
      call.write({ percent: 0 });
    });
    const stream = grpcStreamToSse(client.watch({}), transform);
    const results = await Promise.allSettled([stream.next(), stream.next()]);
    expect(results).toEqual([
      { status: "rejected", reason: new RangeError("odd") },
      { status: "fulfilled", value: DONE },
    ]);
    await (await arrived.promise).cancelled;
  });

  it("does not hold up an ending when it never settles", async () => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => {
      arrived.resolve({ cancelled: cancelled(call) });
      call.write({ percent: 0 });
    });
    const called = deferred();
    const stream = grpcStreamToSse(client.watch({}), () => {
      called.resolve();
      return new Promise<number>(() => undefined);
    });
    const pending = stream.next();
    await called.promise;
    expect(await stream.return()).toEqual(DONE);
    expect(await pending).toEqual(DONE);
    await (await arrived.promise).cancelled;
  });

  it("is not heard any more after the ending", async () => {
    const results = [deferred<string>(), deferred<string>()];
    const stream = grpcStreamToSse(numbers(2), async (message) => {
      await results[message]?.promise;
      throw new Error("too late");
    });
    const pending = stream.next();
    stream.cancel();
    results[0]?.resolve("");
    expect(await Promise.all([pending, stream.next()])).toEqual([DONE, DONE]);
  });

  it("may ask for more or end the stream while it runs", async () => {
    const more: Promise<IteratorResult<number, undefined>>[] = [];
    const stream: GrpcSseStream<number> = grpcStreamToSse(numbers(5), (message): number => {
      if (message === 0) more.push(stream.next());
      if (message === 2) stream.cancel();
      return message;
    });
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    expect(await Promise.all(more)).toEqual([{ done: false, value: 1 }]);
    expect(await stream.next()).toEqual(DONE);
  });
});

describe("grpcStreamToSse, its iterator", () => {
  it("answers overlapping next() calls in order", async () => {
    const stream = grpcStreamToSse(numbers(3), (message) => message);
    const results = await Promise.all(Array.from({ length: 5 }, () => stream.next()));
    expect(results.map((result) => result.value)).toEqual([0, 1, 2, undefined, undefined]);
  });

  it("answers overlapping next() calls on an idle call in order, as messages come", async () => {
    const gate = deferred();
    const { client } = await serveProgress(async (call) => {
      await gate.promise;
      for (const percent of [1, 2, 3]) call.write({ percent });
      call.end();
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent);
    const pending = Array.from({ length: 4 }, () => stream.next());
    gate.resolve();
    expect((await Promise.all(pending)).map((result) => result.value)).toEqual([1, 2, 3, undefined]);
  });

  it("opens a factory's stream once, at the first next()", async () => {
    let opened = 0;
    const stream = grpcStreamToSse(
      async () => {
        opened++;
        return numbers(2);
      },
      (message) => message,
    );
    expect(opened).toBe(0);
    expect(await Promise.all([stream.next(), stream.next()])).toHaveLength(2);
    expect(opened).toBe(1);
  });

  it.each([
    [
      "throws",
      () => {
        throw new RangeError("closed");
      },
    ],
    ["rejects", () => Promise.reject(new RangeError("closed"))],
  ])("fails when its factory %s", async (_how, factory: () => Promise<never>) => {
    const stream = grpcStreamToSse(factory, (message) => message);
    await expect(stream.next()).rejects.toThrow(new RangeError("closed"));
    expect(await stream.next()).toEqual(DONE);
  });

  it("fails when its factory gives something else", async () => {
    const factory = (): AsyncIterable<string> => "a stream" as unknown as AsyncIterable<string>;
    const stream = grpcStreamToSse(factory, (message) => message);
    await expect(stream.next()).rejects.toThrow(
      new TypeError(
        "Cannot convert gRPC stream: `source()` must be a call or an async iterable, or a promise of one, got string",
      ),
    );
  });
});

describe("grpcStreamToSse, its arguments", () => {
  const transform = (message: unknown): unknown => message;

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["string", "stream"],
    ["an array", [1, 2]],
    ["object", { read: () => null, on: () => undefined }],
  ])("refuse a source that is %s", (type, source) => {
    expect(() => grpcStreamToSse(source as GrpcStreamSource, transform)).toThrow(
      new TypeError(
        "Cannot convert gRPC stream: `source` must be a grpc-js call, an async iterable or a function that gives one, " +
          `got ${type}`,
      ),
    );
  });

  it("refuse a transform that is no function", () => {
    expect(() => grpcStreamToSse(numbers(1), { event: "progress" } as unknown as typeof transform)).toThrow(
      new TypeError("Cannot convert gRPC stream: `transform` must be a function, got object"),
    );
  });

  it.each<[object | null, string]>([
    [null, "`options` must be an object, got null"],
    [{ signal: new AbortController() }, "`signal` must be an AbortSignal, got object"],
    [{ expose: "yes" }, "`expose` must be a boolean, got string"],
    [{ onMetadata: "log" }, "`onMetadata` must be a function, got string"],
    [{ onStatus: {} }, "`onStatus` must be a function, got object"],
    [{ details: true }, "`details` must be a function, got boolean"],
    [{ retryable: ["ABORTED"] }, "`retryable` must be a function, got an array"],
    [
      { heartbeatMs: 1 },
      "unknown option `heartbeatMs`, allowed are `signal`, `onMetadata`, `onStatus`, `retry`, `expose`, `details`, " +
        "`retryable`",
    ],
  ])("refuse options %j", (options, message) => {
    expect(() => grpcStreamToSse(numbers(1), transform, options as object)).toThrow(
      new TypeError(`Cannot convert gRPC stream: ${message}`),
    );
  });

  it("accept options that are undefined", async () => {
    const stream = grpcStreamToSse(numbers(1), transform, { signal: undefined, expose: undefined });
    expect((await collect(stream)).values).toEqual([0]);
  });
});

describe("grpcStreamToSse, its types", () => {
  it("infer the message from the source", () => {
    // Never called: only its types matter.
    const check = (client: ProgressClient): void => {
      grpcStreamToSse(client.watch({}), (message) => expectTypeOf(message).toEqualTypeOf<WatchResponse>());
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        (message) => expectTypeOf(message).toEqualTypeOf<WatchResponse>(),
      );
      grpcStreamToSse(
        async ({ signal }) => client.watch({}, { signal }),
        (message, { index }) => {
          expectTypeOf(message).toEqualTypeOf<WatchResponse>();
          expectTypeOf(index).toBeNumber();
        },
      );
      grpcStreamToSse(numbers(1), (message) => expectTypeOf(message).toBeNumber());
      grpcStreamToSse(
        () => numbers(1),
        (message) => expectTypeOf(message).toBeNumber(),
      );
    };
    expect(check).toBeTypeOf("function");
  });

  it("take a transform that is not written in place, and refuse one of other messages", () => {
    const toEvent = ({ percent }: WatchResponse): { percent: number } => ({ percent });
    const toOther = ({ size }: { size: number }): number => size;
    // Never called: only its types matter.
    const check = (client: ProgressClient): void => {
      const stream = grpcStreamToSse(({ signal }) => client.watch({}, { signal }), toEvent);
      expectTypeOf(stream).toEqualTypeOf<GrpcSseStream<{ percent: number }>>();
      grpcStreamToSse(async ({ signal }) => client.watch({}, { signal }), toEvent);
      grpcStreamToSse(() => client.watch({}), toEvent);
      grpcStreamToSse(client.watch({}), toEvent);
      grpcStreamToSse(({ signal }) => numbers(signal.aborted ? 0 : 1), String);
      // @ts-expect-error the call gives no sizes
      grpcStreamToSse(({ signal }) => client.watch({}, { signal }), toOther);
      // @ts-expect-error nor does a generator of numbers
      grpcStreamToSse(({ signal }) => numbers(signal.aborted ? 0 : 1), toOther);
    };
    expect(check).toBeTypeOf("function");
  });

  it("infer the value from the transform", () => {
    expectTypeOf(grpcStreamToSse(numbers(1), String)).toEqualTypeOf<GrpcSseStream<string>>();
    expectTypeOf(grpcStreamToSse(numbers(1), (n) => (n > 0 ? n : null))).toEqualTypeOf<GrpcSseStream<number>>();
    expectTypeOf(grpcStreamToSse(numbers(1), (n) => [n, `${n}`, null])).toEqualTypeOf<GrpcSseStream<number | string>>();
    expectTypeOf(grpcStreamToSse(numbers(1), async (n) => [n])).toEqualTypeOf<GrpcSseStream<number>>();
    expectTypeOf(grpcStreamToSse(numbers(1), (n) => sse({ n }, { event: "half" }))).toEqualTypeOf<
      GrpcSseStream<SseEvent<{ n: number }, "half">>
    >();
    const nothing = grpcStreamToSse(numbers(1), (): void => undefined);
    expectTypeOf(nothing).toEqualTypeOf<GrpcSseStream<never>>();
  });
});
