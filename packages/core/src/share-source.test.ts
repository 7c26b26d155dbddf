import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlledSource } from "../test/controlled-source.ts";
import { useFakeClock } from "../test/fake-clock.ts";
import { endOfTurn, readEvents } from "../test/read-stream.ts";
import {
  createEventStream,
  type EventLog,
  MemoryEventLog,
  type ShareSourceOptions,
  type SourceContext,
  type SseEvent,
  shareSource,
  sse,
} from "./index.ts";

const DONE = { done: true, value: undefined };

interface Started {
  readonly key: string;
  readonly context: SourceContext;
  readonly source: ControlledSource<unknown>;
}

interface Watcher {
  readonly events: AsyncIterator<SseEvent>;
  /** The data of the next event. */
  next(): Promise<unknown>;
  leave(): void;
}

interface Shared {
  readonly started: Started[];
  watch(key: string, lastEventId?: string): Watcher;
}

function shared(options: Partial<ShareSourceOptions<unknown>> = {}): Shared {
  const started: Started[] = [];
  const source = shareSource({
    start(key, context) {
      const source = new ControlledSource<unknown>();
      started.push({ key, context, source });
      return source;
    },
    log: () => new MemoryEventLog(),
    ...options,
  });
  return {
    started,
    watch(key, lastEventId) {
      const controller = new AbortController();
      const events = source(key)({ signal: controller.signal, lastEventId })[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => (await events.next()).value?.data;
      return { events, next, leave: () => controller.abort() };
    },
  };
}

/** The only source that was started, once it is pulled. */
async function only({ started }: Shared): Promise<ControlledSource<unknown>> {
  await endOfTurn();
  expect(started).toHaveLength(1);
  return started[0]?.source ?? expect.fail("nothing was started");
}

describe("shareSource", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  it("starts a key's source once, with its first watcher, and gives every watcher everything", async () => {
    const share = shared();
    const [first, second] = [share.watch("a"), share.watch("a")];
    const source = await only(share);
    source.yield(1);
    expect(await Promise.all([first.next(), second.next()])).toEqual([1, 1]);
    await endOfTurn();
    source.yield(2);
    const late = share.watch("a");
    expect([await first.next(), await late.next(), await late.next()]).toEqual([2, 1, 2]);
    expect(share.started.map(({ key }) => key)).toEqual(["a"]);
  });

  it("keeps keys apart", async () => {
    const share = shared();
    const [a, b] = [share.watch("a"), share.watch("b")];
    await endOfTurn();
    for (const { key, source } of share.started) source.yield(key);
    expect(await Promise.all([a.next(), b.next()])).toEqual(["a", "b"]);
  });

  it("reads on at the source's pace, whoever reads", async () => {
    const share = shared();
    share.watch("a");
    const source = await only(share);
    for (let index = 0; index < 100; index++) {
      source.yield(index);
      await endOfTurn();
    }
    expect(source.pulls).toBe(101);
    expect(source.maxPending).toBe(1);
  });

  it("stops the source and forgets the key when nobody has watched for `graceMs`", async () => {
    const share = shared({ graceMs: 1_000 });
    const [first, second] = [share.watch("a"), share.watch("a")];
    const source = await only(share);
    first.leave();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(share.started[0]?.context.signal.aborted).toBe(false);
    second.leave();
    await vi.advanceTimersByTimeAsync(999);
    expect(share.started[0]?.context.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    // Though its `next()` is pending.
    expect(share.started[0]?.context.signal).toMatchObject({ aborted: true, reason: { name: "AbortError" } });
    expect(source.returns).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    const again = share.watch("a");
    await endOfTurn();
    expect(share.started).toHaveLength(2);
    share.started[1]?.source.yield("new");
    expect(await again.next()).toBe("new");
  });

  it("goes on for one who comes back in time, after its last event", async () => {
    const share = shared({ graceMs: 1_000 });
    const gone = share.watch("a");
    const source = await only(share);
    source.yield(1);
    const { value } = await gone.events.next();
    gone.leave();
    await endOfTurn();
    source.yield(2);
    await vi.advanceTimersByTimeAsync(999);
    const back = share.watch("a", value.id);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await back.next()).toBe(2);
    expect(share.started).toHaveLength(1);
    expect(share.started[0]?.context.signal.aborted).toBe(false);
  });

  it("ends every watcher with the source, and replays it to late ones for `graceMs`", async () => {
    const share = shared({ graceMs: 1_000 });
    const watcher = share.watch("a");
    const source = await only(share);
    source.yield(1);
    await endOfTurn();
    source.end();
    expect([await watcher.next(), await watcher.events.next()]).toEqual([1, DONE]);
    await vi.advanceTimersByTimeAsync(999);
    const late = share.watch("a");
    expect([await late.next(), await late.events.next()]).toEqual([1, DONE]);
    expect(share.started).toHaveLength(1);
    watcher.leave();
    await vi.advanceTimersByTimeAsync(1);
    // Those who still read keep what they read.
    const anew = share.watch("a");
    await endOfTurn();
    expect(share.started).toHaveLength(2);
    late.leave();
    anew.leave();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails every watcher, and starts again for the next, where the source broke", async () => {
    const share = shared();
    const [first, second] = [share.watch("a"), share.watch("a")];
    const source = await only(share);
    source.yield(sse("one", { id: "s1" }));
    await endOfTurn();
    source.fail(new RangeError("boom"));
    const { value } = await first.events.next();
    expect(await second.next()).toBe("one");
    for (const { events, leave } of [first, second]) {
      await expect(events.next()).rejects.toThrow(new RangeError("boom"));
      leave();
    }
    const back = share.watch("a", value.id);
    await endOfTurn();
    expect(share.started[1]?.context.lastEventId).toBe("s1");
    share.started[1]?.source.yield(sse("two", { id: "s2" }));
    expect(await back.next()).toBe("two");
    const late = share.watch("a");
    expect([await late.next(), await late.next()]).toEqual(["one", "two"]);
    expect(share.started).toHaveLength(2);
  });

  it.each<[string, ShareSourceOptions<unknown>["start"]]>([
    [
      "throws",
      () => {
        throw new RangeError("closed");
      },
    ],
    ["rejects", () => Promise.reject(new RangeError("closed"))],
  ])("fails its watchers when the start %s, and tries again for the next", async (_how, start) => {
    const starts = vi.fn(start);
    const share = shared({ start: starts });
    for (const count of [1, 2]) {
      const { events, leave } = share.watch("a");
      await expect(events.next()).rejects.toThrow(new RangeError("closed"));
      leave();
      expect(starts).toHaveBeenCalledTimes(count);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails its watchers when a value cannot be encoded, and leaves the source", async () => {
    const share = shared();
    const { events } = share.watch("a");
    const source = await only(share);
    source.yield(() => "no JSON");
    await expect(events.next()).rejects.toThrow(TypeError);
    expect(source.returns).toBe(1);
  });

  it("does not count a watcher who has left already", async () => {
    const share = shared();
    const controller = new AbortController();
    controller.abort();
    const source = shareSource({ start: () => expect.fail("started"), log: () => new MemoryEventLog() });
    const events = source("a")({ signal: controller.signal, lastEventId: undefined })[Symbol.asyncIterator]();
    expect(await events.next()).toEqual(DONE);
    expect(share.started).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no listener on the signal of a watcher that is gone", async () => {
    const source = shareSource({ start: () => new ControlledSource(), log: () => new MemoryEventLog() });
    const controller = new AbortController();
    source("a")({ signal: controller.signal, lastEventId: undefined });
    controller.abort();
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("leads the log before it starts, and does not when the log says that it has ended elsewhere", async () => {
    const log: EventLog = new MemoryEventLog();
    const lead = vi.fn<NonNullable<EventLog["lead"]>>(async () => true);
    log.append("from elsewhere");
    const share = shared({ log: () => Object.assign(log, { lead }) });
    const watcher = share.watch("a");
    expect(await watcher.next()).toBe("from elsewhere");
    expect(await watcher.events.next()).toEqual(DONE);
    expect(lead).toHaveBeenCalledOnce();
    expect(share.started).toEqual([]);
  });

  it("tells `onError` of a log that cannot be ended", async () => {
    const onError = vi.fn();
    const log = new MemoryEventLog();
    const away = new Error("away");
    const share = shared({ onError, log: () => Object.assign(log, { end: () => Promise.reject(away) }) });
    share.watch("a");
    (await only(share)).end();
    await endOfTurn();
    expect(onError).toHaveBeenCalledExactlyOnceWith(away, "a");
  });

  it("feeds event streams, each with the ids to come back with", async () => {
    const source = shareSource({
      async *start() {
        yield { percent: 50 };
        yield sse({ url: "/r" }, { event: "done" });
      },
      log: () => new MemoryEventLog({ eventType: "progress" }),
    });
    const streams = Array.from({ length: 10 }, () => createEventStream(source("a")));
    const all = await Promise.all(streams.map(readEvents));
    for (const events of all) expect(events).toEqual(all[0]);
    expect(all[0]).toEqual([
      { id: expect.any(String), event: "progress", data: '{"percent":50}' },
      { id: expect.any(String), event: "done", data: '{"url":"/r"}' },
    ]);
    const rest = await readEvents(createEventStream(source("a"), { lastEventId: all[0]?.[0]?.id }));
    expect(rest.map(({ event }) => event)).toEqual(["done"]);
  });

  it.each<[object, string]>([
    [{ log: () => new MemoryEventLog() }, "TypeError: Option `start` must be a function; got undefined"],
    [{ start: () => [] }, "TypeError: Option `log` must be a function; got undefined"],
    [
      { start: () => [], log: new MemoryEventLog() },
      "TypeError: Option `log` must be a function; got an instance of MemoryEventLog",
    ],
    [
      { start: () => [], log: () => new MemoryEventLog(), graceMs: -1 },
      "RangeError: Option `graceMs` must be an integer from 0 to 2147483647 (ms); got -1",
    ],
    [{ key: "a" }, "TypeError: Unknown option `key`; allowed are start, log, graceMs, onError"],
  ])("refuses %j", (options, message) => {
    expect(() => shareSource(options as ShareSourceOptions<unknown>)).toThrow(
      expect.objectContaining({ name: message.split(":", 1)[0], message: message.slice(message.indexOf(" ") + 1) }),
    );
  });

  it("fails the stream when `log` gives something else", async () => {
    const source = shareSource({ start: () => [], log: () => "log" as unknown as EventLog });
    const events = await readEvents(createEventStream(source("a")));
    expect(events).toMatchObject([{ event: "error", data: expect.stringContaining("must return an event log") }]);
  });
});
