import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { cancelled, fail, serveProgress } from "../test/progress-server.ts";
import { type GrpcCallStatus, grpcStreamToSse } from "./index.ts";

function metadataOf(entries: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

describe("grpcStreamToSse, onMetadata", () => {
  it("is called once with the server's metadata, before the first message is transformed", async () => {
    const { client } = await serveProgress((call) => {
      call.sendMetadata(metadataOf({ version: "7" }));
      call.write({ percent: 1 });
      call.end();
    });
    const seen: unknown[] = [];
    const stream = grpcStreamToSse(client.watch({}), (message) => void seen.push(message.percent), {
      onMetadata: (metadata) => seen.push(metadata.get("version")),
    });
    await collect(stream);
    expect(seen).toEqual([["7"], 1]);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new RangeError("wrong version");
      },
    ],
    ["rejects with", () => Promise.reject(new RangeError("wrong version"))],
  ])("fails the stream with what it %s, and cancels the RPC", async (_how, onMetadata) => {
    const arrived = deferred<{ cancelled: Promise<void> }>();
    const { client } = await serveProgress((call) => {
      arrived.resolve({ cancelled: cancelled(call) });
      call.sendMetadata(new Metadata());
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent, { onMetadata });
    await expect(stream.next()).rejects.toThrow(new RangeError("wrong version"));
    await (await arrived.promise).cancelled;
  });
});

describe("grpcStreamToSse, onStatus", () => {
  /** Reads a stream of `percent`s to its end, with what `onStatus` was called with. */
  async function statusesOf(
    serve: Parameters<typeof serveProgress>[0],
    leaveAfter?: number,
  ): Promise<GrpcCallStatus[]> {
    const over = deferred();
    const statuses: GrpcCallStatus[] = [];
    const { client } = await serveProgress(serve);
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent, {
      onStatus: (status) => {
        statuses.push(status);
        over.resolve();
      },
    });
    let count = 0;
    await collect(stream, () => {
      if (++count === leaveAfter) stream.cancel();
    });
    await over.promise;
    return statuses;
  }

  it("is called with OK and the trailers after the last message", async () => {
    const statuses = await statusesOf((call) => {
      call.write({ percent: 1 });
      call.end(metadataOf({ took: "3 ms" }));
    });
    expect(statuses).toMatchObject([{ code: 0 }]);
    expect(statuses[0]?.metadata.get("took")).toEqual(["3 ms"]);
  });

  it("is called with a failure as it was received", async () => {
    const statuses = await statusesOf((call) => fail(call, 13, "db 10.0.0.7"));
    expect(statuses).toMatchObject([{ code: 13, details: "db 10.0.0.7" }]);
  });

  it("is called with CANCELLED when the stream was left", async () => {
    expect(await statusesOf((call) => call.write({ percent: 1 }), 1)).toMatchObject([{ code: 1 }]);
  });

  it("fails a stream that is not over with what it throws", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 1 });
      call.end();
    });
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent, {
      onStatus: () => {
        throw new RangeError("not counted");
      },
    });
    const { values, error } = await collect(stream);
    expect(values).toEqual([1]);
    expect(error).toEqual(new RangeError("not counted"));
  });

  it("changes nothing by what it throws when the stream is over", async () => {
    const called = deferred();
    const { client } = await serveProgress((call) => fail(call, 5, "gone"));
    const stream = grpcStreamToSse(client.watch({}), (message) => message.percent, {
      onStatus: () => {
        called.resolve();
        throw new RangeError("not counted");
      },
    });
    await expect(stream.next()).rejects.toThrow("gone");
    await called.promise;
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
