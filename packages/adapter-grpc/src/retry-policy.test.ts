import { status } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { collect } from "../test/collect.ts";
import { fail, serveProgress, type WatchCall } from "../test/progress-server.ts";
import { type GrpcRetryOptions, type GrpcSseStream, GrpcStreamError, grpcStreamToSse } from "./index.ts";

const { UNAVAILABLE, NOT_FOUND } = status;
const QUICK = { initialBackoffMs: 1, maxBackoffMs: 2 };

interface Retried {
  readonly stream: GrpcSseStream<number>;
  calls(): number;
}

/** A stream that retries; the server answers the calls in order with `answers`, the last one again and again. */
async function retried(answers: ((call: WatchCall) => void)[], retry: GrpcRetryOptions): Promise<Retried> {
  let calls = 0;
  const { client } = await serveProgress((call) => answers[Math.min(calls++, answers.length - 1)]?.(call));
  const stream = grpcStreamToSse(
    ({ signal }) => client.watch({}, { signal }),
    (message) => message.percent,
    { retry },
  );
  return { stream, calls: () => calls };
}

function unavailable(call: WatchCall): void {
  fail(call, UNAVAILABLE, "10.0.0.7 is away");
}

function complete(call: WatchCall): void {
  call.write({ percent: 1 });
  call.write({ percent: 2 });
  call.end();
}

describe("grpcStreamToSse, retry", () => {
  it("calls again until the service is there", async () => {
    const { stream, calls } = await retried([unavailable, unavailable, complete], QUICK);
    expect(await collect(stream)).toEqual({ values: [1, 2], error: undefined });
    expect(calls()).toBe(3);
  });

  it("keeps opened() waiting meanwhile", async () => {
    const { stream, calls } = await retried([unavailable, complete], QUICK);
    await stream.opened();
    expect(calls()).toBe(2);
    expect((await collect(stream)).values).toEqual([1, 2]);
  });

  it("stops after `maxAttempts` with the last failure", async () => {
    const { stream, calls } = await retried([unavailable], { ...QUICK, maxAttempts: 3 });
    await expect(stream.next()).rejects.toMatchObject({ status: "UNAVAILABLE", message: "Service unavailable" });
    expect(calls()).toBe(3);
  });

  it("calls once more only where nothing came before the failure", async () => {
    const { stream, calls } = await retried(
      [
        (call) => {
          call.write({ percent: 1 });
          unavailable(call);
        },
      ],
      QUICK,
    );
    const { values, error } = await collect(stream);
    expect(values).toEqual([1]);
    expect(error).toMatchObject({ status: "UNAVAILABLE" });
    expect(calls()).toBe(1);
  });

  it("leaves every other failure alone", async () => {
    const { stream, calls } = await retried([(call) => fail(call, NOT_FOUND, "no such task")], QUICK);
    await expect(stream.next()).rejects.toThrow("no such task");
    expect(calls()).toBe(1);
  });

  it("calls a factory again that fails with UNAVAILABLE itself", async () => {
    let calls = 0;
    const { client } = await serveProgress(complete);
    const stream = grpcStreamToSse(
      async ({ signal }) => {
        if (++calls < 3) throw new GrpcStreamError({ code: UNAVAILABLE, details: "the directory is away" });
        return client.watch({}, { signal });
      },
      (message) => message.percent,
      { retry: QUICK },
    );
    expect((await collect(stream)).values).toEqual([1, 2]);
    expect(calls).toBe(3);
  });

  it("makes no further call once the stream is left, and its timer is gone", async () => {
    const { stream, calls } = await retried([unavailable], { initialBackoffMs: 600_000, maxBackoffMs: 600_000 });
    const timers = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    // Give or take 20 %; grpc-js has timers of its own.
    const findTimer = (): number =>
      timers.mock.calls.findIndex(([, delay]) => Number(delay) >= 480_000 && Number(delay) <= 720_000);
    const pending = stream.next();
    await vi.waitUntil(() => findTimer() >= 0);
    stream.cancel();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(cleared).toHaveBeenCalledWith(timers.mock.results[findTimer()]?.value);
    expect(calls()).toBe(1);
    timers.mockRestore();
    cleared.mockRestore();
  });

  it.each<[unknown, string]>([
    [null, "TypeError: Cannot convert gRPC stream: `retry` must be an object, got null"],
    [true, "TypeError: Cannot convert gRPC stream: `retry` must be an object, got boolean"],
    [
      { attempts: 3 },
      "TypeError: Cannot convert gRPC stream: unknown option `retry.attempts`, allowed are `maxAttempts`, " +
        "`initialBackoffMs`, `backoffMultiplier`, `maxBackoffMs`",
    ],
    [{ maxAttempts: "3" }, "TypeError: Cannot convert gRPC stream: `retry.maxAttempts` must be a number, got string"],
    [
      { maxAttempts: 0 },
      "RangeError: Cannot convert gRPC stream: `retry.maxAttempts` must be an integer >= 1 or Infinity, got 0",
    ],
    [
      { maxAttempts: 1.5 },
      "RangeError: Cannot convert gRPC stream: `retry.maxAttempts` must be an integer >= 1 or Infinity, got 1.5",
    ],
    [
      { backoffMultiplier: 0.5 },
      "RangeError: Cannot convert gRPC stream: `retry.backoffMultiplier` must be at least 1, got 0.5",
    ],
    [
      { maxBackoffMs: 2 ** 31 },
      "RangeError: Cannot convert gRPC stream: `retry.maxBackoffMs` must be greater than 0 and at most 2147483647, " +
        "got 2147483648",
    ],
    [
      { initialBackoffMs: 9_000 },
      "RangeError: Cannot convert gRPC stream: `retry.initialBackoffMs` must be greater than 0 and at most " +
        "`retry.maxBackoffMs`, got 9000",
    ],
    [
      { initialBackoffMs: Number.NaN },
      "RangeError: Cannot convert gRPC stream: `retry.initialBackoffMs` must be greater than 0 and at most " +
        "`retry.maxBackoffMs`, got NaN",
    ],
  ])("refuses %j", (retry, message) => {
    const convert = (): unknown =>
      grpcStreamToSse(
        () => Promise.reject(new Error("never called")),
        (value) => value,
        { retry: retry as GrpcRetryOptions },
      );
    expect(convert).toThrow(
      expect.objectContaining({ name: message.split(":", 1)[0], message: message.slice(message.indexOf(" ") + 1) }),
    );
  });

  it("refuses a source that is no factory", async () => {
    const { client } = await serveProgress(complete);
    expect(() => grpcStreamToSse(client.watch({}), (message) => message.percent, { retry: {} })).toThrow(
      new TypeError("Cannot convert gRPC stream: `retry` needs a factory for a source; a call can be read once"),
    );
  });
});
