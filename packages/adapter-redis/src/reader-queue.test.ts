import { encodedEvent } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { ReaderQueue } from "./reader-queue.ts";
import type { StreamEntry } from "./stream-entry.ts";

const settings = { maxPendingEvents: 10, maxPendingBytes: 1_000, overflow: "close", onDrop: () => undefined } as const;

const entry = (sequence: number): StreamEntry => ({
  id: `1700000000000-${1_000_000_000 + sequence}`,
  previous: `1700000000000-${999_999_999 + sequence}`,
  event: encodedEvent({ data: String(sequence) }),
  end: undefined,
  sourceId: undefined,
  bytes: 1,
});

describe("ReaderQueue", () => {
  it("takes nothing that its reader has had", () => {
    const queue = new ReaderQueue(settings);
    queue.attach(entry(5).id);
    for (const sequence of [4, 5, 6, 6, 7]) queue.push(entry(sequence));
    expect([queue.shift()?.id, queue.shift()?.id, queue.shift()]).toEqual([entry(6).id, entry(7).id, undefined]);
  });

  it("takes nothing for a reader that has left or failed", async () => {
    const [left, failed] = [new ReaderQueue(settings), new ReaderQueue(settings)];
    const woken = Promise.all([left.wait(), failed.wait()]);
    left.stop();
    failed.fail(new Error("overflow"));
    await woken;
    for (const queue of [left, failed]) queue.push(entry(1));
    expect(left.shift()).toBeUndefined();
    expect(failed.lastId).toBe("");
    expect(() => failed.shift()).toThrow("overflow");
  });

  it("fails with what onDrop throws", () => {
    const onDrop = (): never => {
      throw new Error("hook");
    };
    const queue = new ReaderQueue({ ...settings, maxPendingEvents: 1, overflow: "drop-oldest", onDrop });
    queue.push(entry(1));
    queue.push(entry(2));
    expect(() => queue.shift()).toThrow("hook");
  });
});
