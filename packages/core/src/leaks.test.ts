import { getEventListeners, setMaxListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deferred, type PromiseWithResolvers } from "../test/controlled-source.ts";
import { pass, useFakeClock } from "../test/fake-clock.ts";
import { bodyOf, endOfTurn } from "../test/read-stream.ts";
import { type SourceContext, SSEManager } from "./index.ts";

/** How many streams each stage opens, side by side. */
const BATCH = 100;
const STREAMS = 10_000;

/** What lives, over all streams. */
const live = { sources: 0, contexts: 0, closed: 0 };

/** Yields when told to; lives from its creation to `return()`, which follows every ending. */
class LiveSource implements AsyncIterable<string>, AsyncIterator<string, undefined> {
  #waiting: PromiseWithResolvers<IteratorResult<string, undefined>> | undefined;
  #alive = true;

  constructor() {
    live.sources++;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    this.#waiting = deferred<IteratorResult<string, undefined>>();
    return this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    if (this.#alive) live.sources--;
    this.#alive = false;
    return { done: true, value: undefined };
  }

  yield(value: string): void {
    this.#waiting?.resolve({ done: false, value });
  }

  end(): void {
    this.#waiting?.resolve({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    this.#waiting?.reject(error);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** One stream: its source, and the reader of its body. */
interface Opened {
  readonly source: LiveSource;
  readonly reader: Reader;
}

const shared = new AbortController();
// All streams of this manager listen to it.
setMaxListeners(0, shared.signal);
const manager = new SSEManager({
  signal: shared.signal,
  heartbeatMs: 50,
  stallTimeoutMs: 200,
  maxAgeMs: 1_000_000,
  onClose: () => live.closed++,
});

/** Calls back for each of a batch, in turn. */
const each = async <Item>(items: readonly Item[], act: (item: Item) => unknown): Promise<void> => {
  await Promise.all(items.map(act));
  await endOfTurn();
};

/** A batch of streams whose source is a function that watches its signal. */
function open(): Opened[] {
  return Array.from({ length: BATCH }, () => {
    const source = new LiveSource();
    const factory = ({ signal }: SourceContext): LiveSource => {
      live.contexts++;
      signal.addEventListener("abort", () => live.contexts--);
      return source;
    };
    return { source, reader: bodyOf(manager.createResponse(factory)).getReader() };
  });
}

const cancelAll = (streams: readonly Opened[]): Promise<void> => each(streams, ({ reader }) => reader.cancel());

/** Reads that are pending when the stage ends are of no interest. */
const startReading = (streams: readonly Opened[]): Promise<void> =>
  each(streams, ({ reader }) => void reader.read().catch(() => undefined));

/** Each opens a batch, brings it to a stage of its life, and cancels it there. */
const stages: Record<string, () => Promise<void>> = {
  async "before the first pull, the source live"() {
    const bodies = Array.from({ length: BATCH }, () => bodyOf(manager.createResponse(new LiveSource())));
    await each(bodies, (body) => body.cancel());
  },
  async "before the first pull, the source a function"() {
    const factory = (): LiveSource => new LiveSource();
    const bodies = Array.from({ length: BATCH }, () => bodyOf(manager.createResponse(factory)));
    await each(bodies, (body) => body.cancel());
  },
  async "while the source opens"() {
    const opening = Array.from({ length: BATCH }, () => deferred<LiveSource>());
    const readers = opening.map(({ promise }) => bodyOf(manager.createResponse(() => promise)).getReader());
    await each(readers, (reader) => void reader.read());
    await each(readers, (reader) => reader.cancel());
    await each(opening, ({ resolve }) => resolve(new LiveSource()));
  },
  async "in next()"() {
    const streams = open();
    await startReading(streams);
    await cancelAll(streams);
  },
  async "in next(), after the opening comment"() {
    const streams = open();
    await startReading(streams);
    await pass(100);
    await startReading(streams);
    await cancelAll(streams);
  },
  async "between chunks"() {
    const streams = open();
    await startReading(streams);
    await each(streams, ({ source }) => source.yield("first"));
    await cancelAll(streams);
  },
  async "between chunks, one of them ready"() {
    const streams = open();
    await startReading(streams);
    await each(streams, ({ source }) => source.yield("first"));
    await each(streams, ({ source }) => source.yield("second"));
    await cancelAll(streams);
  },
  async "before the turn of a chunk is over"() {
    const streams = open();
    await startReading(streams);
    for (const { source } of streams) source.yield("first");
    await Promise.resolve();
    await Promise.resolve();
    await cancelAll(streams);
  },
  async "in heartbeat"() {
    const streams = open();
    await startReading(streams);
    for (let beat = 0; beat < 3; beat++) {
      await pass(50);
      await startReading(streams);
    }
    await cancelAll(streams);
  },
  async "when the heartbeat is due"() {
    const streams = open();
    await startReading(streams);
    await vi.advanceTimersByTimeAsync(50);
    await cancelAll(streams);
  },
  async "after the end"() {
    const streams = open();
    await startReading(streams);
    await each(streams, ({ source }) => source.end());
    await cancelAll(streams);
  },
  async "after a failure"() {
    const streams = open();
    await startReading(streams);
    await each(streams, ({ source }) => source.fail(new Error("boom")));
    await cancelAll(streams);
  },
  async "when the reader has stalled"() {
    const streams = open();
    await startReading(streams);
    await each(streams, ({ source }) => source.yield("first"));
    await pass(200);
    await each(streams, ({ reader }) => reader.cancel().catch(() => undefined));
  },
};

async function openAndCancel(count: number): Promise<void> {
  const stageList = Object.values(stages);
  for (let opened = 0, index = 0; opened < count; opened += BATCH, index++)
    await stageList[index % stageList.length]?.();
}

/** Bytes on the heap once everything that can be freed is. */
async function settledHeapBytes(gc: () => void): Promise<number> {
  const samples: number[] = [];
  for (let sample = 0; sample < 5; sample++) {
    for (let index = 0; index < 3; index++) {
      await endOfTurn();
      gc();
    }
    samples.push(process.memoryUsage().heapUsed);
  }
  samples.sort((a, b) => a - b);
  return samples[2] ?? Number.NaN;
}

/** The garbage collector, which V8 shows only when it is told to. */
function exposedGc(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc !== "function") throw new Error("V8 shows no gc()");
  return () => void gc();
}

describe("a manager", () => {
  beforeEach(() => {
    useFakeClock();
    Object.assign(live, { sources: 0, contexts: 0, closed: 0 });
  });
  afterEach(() => void vi.useRealTimers());

  it.each(Object.entries(stages))("keeps nothing of streams that are cancelled %s", async (_, stage) => {
    await stage();
    expect(live).toEqual({ sources: 0, contexts: 0, closed: BATCH });
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(shared.signal, "abort")).toHaveLength(0);
    expect(manager.size).toBe(0);
  });

  it("holds one listener and one context for each stream that is open", async () => {
    const streams = open();
    expect(getEventListeners(shared.signal, "abort")).toHaveLength(0);
    await startReading(streams);
    expect(getEventListeners(shared.signal, "abort")).toHaveLength(BATCH);
    expect(live).toEqual({ sources: BATCH, contexts: BATCH, closed: 0 });
    expect(manager.size).toBe(BATCH);
    await cancelAll(streams);
    expect(manager.size).toBe(0);
  });

  it("is back to its baseline after 10 000 streams, cancelled at every stage", async () => {
    const gc = exposedGc();
    // Compiled, and with every cache filled.
    await openAndCancel(STREAMS / 4);
    const before = await settledHeapBytes(gc);
    live.closed = 0;
    await openAndCancel(STREAMS);
    const after = await settledHeapBytes(gc);
    expect(live).toEqual({ sources: 0, contexts: 0, closed: STREAMS });
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(shared.signal, "abort")).toHaveLength(0);
    expect(manager.size).toBe(0);
    expect(after / before).toBeLessThan(1.05);
  });

  it("would show a leak of 1 KiB for each stream", async () => {
    const gc = exposedGc();
    const before = await settledHeapBytes(gc);
    const leak = Array.from({ length: STREAMS }, () => new Array<number>(128).fill(0));
    const after = await settledHeapBytes(gc);
    expect(leak).toHaveLength(STREAMS);
    expect(after / before).toBeGreaterThan(1.05);
  });

  it("does not keep a stream alive that nobody reads and nobody holds", async () => {
    const gc = exposedGc();
    const collected = vi.fn();
    const registry = new FinalizationRegistry(collected);
    const abandon = (): void => {
      for (let index = 0; index < 10; index++) registry.register(bodyOf(manager.createResponse(() => [])), index);
    };
    abandon();
    for (let index = 0; index < 10 && collected.mock.calls.length < 10; index++) {
      await endOfTurn();
      gc();
    }
    expect(collected).toHaveBeenCalledTimes(10);
  });
});
