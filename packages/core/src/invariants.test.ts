import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlledSource, deferred } from "../test/controlled-source.ts";
import { bodyOf, endOfTurn, readChunks, readEvents, readOne, readText } from "../test/read-stream.ts";
import {
  type CloseReport,
  createEventStream,
  type EventStreamOptions,
  OverflowError,
  SSEManager,
  type StreamSource,
} from "./index.ts";

/** Turns of the event loop stay real, only time is not. */
function useFakeClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
}

/** Until what is ready has been dealt with, within the turn. */
async function microtasks(): Promise<void> {
  for (let index = 0; index < 20; index++) await undefined;
}

/** A signal that counts its listeners. */
function countingSignal(given?: AbortSignal): {
  controller: AbortController;
  signal: AbortSignal;
  listeners: () => number;
} {
  const controller = new AbortController();
  const signal = given ?? controller.signal;
  const add = vi.spyOn(signal, "addEventListener");
  const remove = vi.spyOn(signal, "removeEventListener");
  return { controller, signal, listeners: () => add.mock.calls.length - remove.mock.calls.length };
}

describe("invariant 1: the source is not started before the consumer first pulls", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  it("calls no factory, opens no iterator, arms no timer, adds no listener", async () => {
    const { signal, listeners } = countingSignal();
    const factory = vi.fn(() => []);
    const iterable = { [Symbol.asyncIterator]: vi.fn(() => new ControlledSource<number>()) };
    const options = { signal, maxAgeMs: 1_000, retryMs: 5, padding: 10, onOpen: vi.fn(), onClose: vi.fn() };
    for (const source of [factory, iterable]) {
      const stream = createEventStream<number>(source, options);
      const reader = stream.getReader();
      await vi.advanceTimersByTimeAsync(60_000);
      reader.releaseLock();
    }
    expect(factory).not.toHaveBeenCalled();
    expect(iterable[Symbol.asyncIterator]).not.toHaveBeenCalled();
    expect(options.onOpen).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
    expect(listeners()).toBe(0);
  });

  it("releases a source that runs already when the stream is cancelled before its first pull", async () => {
    const source = new ControlledSource<number>();
    const cancel = vi.fn();
    const stream = new ReadableStream({ cancel });
    const onClose = vi.fn();
    await createEventStream(source, { onClose }).cancel("gone");
    await createEventStream(stream, { onClose }).cancel("gone");
    expect(source).toMatchObject({ returns: 1, pulls: 0 });
    expect(cancel).toHaveBeenCalledWith("gone");
    const never: Partial<CloseReport> = { reason: "cancelled", durationMs: 0, events: 0, bytes: 0 };
    expect(onClose.mock.calls).toEqual([[never], [never]]);
  });

  it("never runs a generator that was cancelled before its first pull", async () => {
    const body = vi.fn();
    async function* source(): AsyncGenerator<number> {
      body();
      yield 1;
    }
    await createEventStream(source()).cancel();
    await createEventStream(source).cancel();
    expect(body).not.toHaveBeenCalled();
  });
});

describe("invariant 2: one next() at a time, and nothing read ahead beyond highWaterMark", () => {
  it("keeps one next() in flight, however often the stream is read", async () => {
    const source = new ControlledSource<number>();
    const reader = createEventStream(source).getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    await endOfTurn();
    for (let value = 0; value < 3; value++) {
      source.yield(value);
      await endOfTurn();
    }
    expect(await Promise.all(reads)).toHaveLength(3);
    expect(source.maxPending).toBe(1);
    await reader.cancel();
  });

  it.each([
    ["ASCII", "x".repeat(50)],
    ["characters of three bytes", "語".repeat(50)],
    ["characters of four bytes", "🙂".repeat(50)],
  ])("is never more than 16 KiB ahead of a slow reader of 100 000 events: %s", async (_, text) => {
    let yielded = 0;
    let taken = 0;
    let ahead = 0;
    const frameBytes = new TextEncoder().encode(`event: tick\ndata: ${JSON.stringify({ text })}\n\n`).length;
    async function* source(): AsyncGenerator<{ text: string }> {
      for (let index = 0; index < 100_000; index++) {
        // At this point the source is asked for more.
        ahead = Math.max(ahead, yielded - taken);
        yielded += frameBytes;
        yield { text };
      }
    }
    const chunks: number[] = [];
    for await (const chunk of bodyOf(SSEManager.createResponse(source, "tick"))) {
      taken += chunk.length;
      chunks.push(chunk.length);
      await endOfTurn();
    }
    expect(taken).toBe(100_000 * frameBytes);
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThanOrEqual(16_384);
    expect(Math.max(...chunks)).toBeLessThanOrEqual(16_384);
    // Full chunks, not merely small ones.
    expect(chunks.length).toBeLessThan((1.05 * taken) / 16_384);
  });

  it("stops at one event for a reader that has stopped", async () => {
    const source = new ControlledSource<number>();
    const reader = createEventStream(source).getReader();
    const read = readOne(reader);
    await endOfTurn();
    source.yield(1);
    expect(await read).toContain("data: 1");
    source.yield(2);
    await endOfTurn();
    expect(source).toMatchObject({ pulls: 2, pending: 0 });
    expect(await readOne(reader)).toContain("data: 2");
    await reader.cancel();
  });
});

describe("invariant 3: a chunk holds whole frames, those of one turn of the event loop", () => {
  it("puts frames that become ready in one turn into one chunk", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      await endOfTurn();
      yield 3;
    }
    const chunks = await readChunks(createEventStream(source));
    expect(chunks).toEqual(["event: message\ndata: 1\n\nevent: message\ndata: 2\n\n", "event: message\ndata: 3\n\n"]);
  });

  it("sends a frame that is alone in the turn in which it became ready", async () => {
    const source = new ControlledSource<number>();
    const reader = createEventStream(source).getReader();
    const read = vi.fn();
    void reader.read().then(read);
    await endOfTurn();
    source.yield(1);
    await endOfTurn();
    expect(read).toHaveBeenCalledOnce();
    await reader.cancel();
  });

  it.each([1, 30, 16_384])("splits nothing at a high water mark of %d bytes", async (highWaterMark) => {
    const values = ["", "x".repeat(100), "語", "🙂".repeat(5_000), "end"];
    const chunks = await readChunks(createEventStream(values, { highWaterMark }));
    for (const chunk of chunks) expect(chunk.endsWith("\n\n")).toBe(true);
    expect(chunks.join("")).toBe(values.map((value) => `event: message\ndata: ${JSON.stringify(value)}\n\n`).join(""));
    const sizes = chunks.map((chunk) => ({ bytes: Buffer.byteLength(chunk), frames: chunk.split("\n\n").length - 1 }));
    for (const { bytes, frames } of sizes) expect(bytes <= highWaterMark || frames === 1).toBe(true);
  });
});

describe("invariant 3: a frame that is alone does not wait", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  it("sends a frame at once when the one before was alone in its turn", async () => {
    const source = new ControlledSource<number>();
    const reader = createEventStream(source).getReader();
    const read = vi.fn();
    const first = readOne(reader).then(read);
    await endOfTurn();
    source.yield(1);
    await first;
    const second = readOne(reader).then(read);
    await endOfTurn();
    vi.advanceTimersByTime(5);
    source.yield(2);
    await microtasks();
    expect(read).toHaveBeenLastCalledWith(expect.stringContaining("data: 2"));
    await second;
    await reader.cancel();
  });

  it("puts those of one turn into one chunk again after 16 that left at once at the most", async () => {
    const bursts = 20;
    async function* source(): AsyncGenerator<number> {
      yield 0;
      for (let burst = 0; burst < bursts; burst++) {
        await endOfTurn();
        vi.advanceTimersByTime(5);
        for (let index = 0; index < 10; index++) yield index;
      }
    }
    const chunks = await readChunks(createEventStream(source));
    const sizes = chunks.map((chunk) => chunk.split("\n\n").length - 1);
    expect(sizes.filter((size) => size === 1).length).toBeLessThanOrEqual(18);
    expect(sizes.slice(-15)).toEqual(Array.from({ length: 15 }, () => 10));
  });

  it("lets others have their turn while a source that never waits has events that leave at once", async () => {
    let sent = 0;
    const atTurns: number[] = [];
    const count = (): void => {
      atTurns.push(sent);
      if (sent < 500) setImmediate(count);
    };
    async function* source(): AsyncGenerator<number> {
      yield ++sent;
      await endOfTurn();
      setImmediate(count);
      while (sent < 500) {
        vi.advanceTimersByTime(5);
        yield ++sent;
      }
    }
    const options = { highWaterMark: 1 };
    await readText(createEventStream(source, options));
    const steps = atTurns.map((at, index) => at - (atTurns[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * 17);
  });

  it("puts those that come without a pause into one chunk, though the one before was alone", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      await endOfTurn();
      yield 2;
      yield 3;
    }
    const chunks = await readChunks(createEventStream(source));
    expect(chunks.map((chunk) => chunk.split("\n\n").length - 1)).toEqual([1, 2]);
  });
});

/** How to bring about each ending, and what it does to the source. */
const endings: Record<CloseReport["reason"], (stream: EndingStream) => Promise<unknown> | unknown> = {
  completed: ({ source }) => source.end(),
  failed: ({ source }) => source.fail(new Error("boom")),
  cancelled: ({ reader }) => reader.cancel("gone"),
  aborted: ({ controller }) => controller.abort("enough"),
  stalled: async ({ reader, source }) => {
    source.yield(1);
    await endOfTurn();
    await vi.advanceTimersByTimeAsync(30_000);
    await expect(reader.closed).rejects.toMatchObject({ name: "TimeoutError" });
  },
  expired: () => vi.advanceTimersByTimeAsync(70_000),
  drained: ({ manager }) => manager.drain(),
  overflow: ({ source }) => source.fail(new OverflowError(1_001)),
};

interface EndingStream {
  readonly source: ControlledSource<number>;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly controller: AbortController;
  readonly manager: SSEManager;
}

describe("invariant 4: every ending goes through one idempotent finish", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  it.each(Object.keys(endings) as CloseReport["reason"][])("%s", async (reason) => {
    const { controller, signal, listeners } = countingSignal();
    const request = new Request("http://localhost/");
    const { listeners: requestListeners } = countingSignal(request.signal);
    const source = new ControlledSource<number>();
    const manager = new SSEManager();
    const onClose = vi.fn();
    const contextAborted = vi.fn();
    const response = manager.createResponse<string, number>(
      (context) => {
        context.signal.addEventListener("abort", contextAborted);
        return source;
      },
      { signal, request, maxAgeMs: 70_000, onClose },
    );
    const reader = bodyOf(response).getReader();
    const received: string[] = [];
    const reading = (async () => {
      for (;;) {
        const text = await readOne(reader);
        if (text === undefined) return;
        received.push(text);
        if (reason === "stalled") return;
      }
    })();
    await endOfTurn();
    expect(manager.size).toBe(1);
    expect([listeners(), requestListeners()]).toEqual([1, 1]);

    await endings[reason]({ source, reader, controller, manager });
    await reading;
    await endOfTurn();
    const check = (): void => {
      expect(onClose).toHaveBeenCalledOnce();
      expect(onClose).toHaveBeenCalledWith(expect.objectContaining({ reason }));
      expect(source.returns).toBe(1);
      expect(contextAborted).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
      expect([listeners(), requestListeners()]).toEqual([0, 0]);
      expect(manager.size).toBe(0);
    };
    check();

    // Whatever comes later changes nothing.
    if (source.pending > 0) source.yield(99);
    controller.abort();
    void manager.drain();
    await reader.cancel().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(600_000);
    check();
    expect(received.join("")).not.toContain("data: 99");
  });

  it("completes a source that ends after its reader has taken everything, though nobody reads again", async () => {
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const reader = createEventStream(source, { onClose }).getReader();
    const read = readOne(reader);
    await endOfTurn();
    source.yield(1);
    await read;
    source.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "completed", events: 1 }));
    expect(await readOne(reader)).toBeUndefined();
  });

  it("does not wait for a return() that never settles, nor mind one that throws or rejects", async () => {
    const onClose = vi.fn();
    const never = new Promise<never>(() => undefined);
    const returns = [
      () => never,
      () => Promise.reject(new Error("return rejects")),
      () => {
        throw new Error("return throws");
      },
    ];
    for (const return_ of returns) {
      const iterator = { next: () => never, return: return_ };
      const stream = createEventStream({ [Symbol.asyncIterator]: () => iterator }, { onClose });
      const reader = stream.getReader();
      void reader.read();
      await endOfTurn();
      await reader.cancel();
    }
    expect(onClose).toHaveBeenCalledTimes(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("invariant 5: a failed source becomes one error event, then a clean close", () => {
  it("delivers what was ready before it", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error("boom");
    }
    const text = await readText(createEventStream(source, { eventType: "tick" }));
    expect(text).toBe(
      'event: tick\ndata: 1\n\nevent: tick\ndata: 2\n\nevent: error\ndata: {"error":"boom","status":"error"}\n\n',
    );
  });

  it("delivers it to a reader that takes one chunk at a time", async () => {
    const source = new ControlledSource<number>();
    const reader = createEventStream(source).getReader();
    const first = readOne(reader);
    await endOfTurn();
    source.yield(1);
    expect(await first).toContain("data: 1");
    source.yield(2);
    await endOfTurn();
    const second = readOne(reader);
    await endOfTurn();
    source.fail(new Error("boom"));
    expect(await second).toContain("data: 2");
    expect(await readOne(reader)).toContain("boom");
    expect(await readOne(reader)).toBeUndefined();
  });
});

describe("invariant 6: the end of the reader reaches the source within one turn, though next() is pending", () => {
  const ends: [string, (reader: ReadableStreamDefaultReader, controller: AbortController) => unknown][] = [
    ["cancel", (reader) => reader.cancel("gone")],
    ["abort", (_, controller) => controller.abort("gone")],
  ];

  it.each(ends)("%s", async (_, end) => {
    const source = new ControlledSource<number>();
    const controller = new AbortController();
    let context: AbortSignal | undefined;
    const open: StreamSource<number> = ({ signal }) => {
      context = signal;
      return source;
    };
    const reader = createEventStream(open, { signal: controller.signal }).getReader();
    void reader.read();
    await endOfTurn();
    expect(source.pending).toBe(1);
    end(reader, controller);
    await endOfTurn();
    expect(source.returns).toBe(1);
    expect(context).toMatchObject({ aborted: true, reason: "gone" });
  });

  it("frees a generator that is stuck in an await", async () => {
    const cleanedUp = deferred();
    async function* stuck({ signal }: { signal: AbortSignal }): AsyncGenerator<number> {
      try {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        yield 1;
      } finally {
        cleanedUp.resolve();
      }
    }
    const reader = createEventStream(stuck).getReader();
    void reader.read();
    await endOfTurn();
    await reader.cancel();
    await cleanedUp.promise;
  });

  it("releases what a promise holds that settles after the end", async () => {
    const source = new ControlledSource<number>();
    const opened = deferred<ControlledSource<number>>();
    const reader = createEventStream(() => opened.promise).getReader();
    void reader.read();
    await endOfTurn();
    await reader.cancel();
    opened.resolve(source);
    await endOfTurn();
    expect(source).toMatchObject({ pulls: 0, returns: 1 });
  });
});

describe("invariant 7: comments in silence, while the consumer waits; a consumer that reads nothing is let go", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  /** Reads on and on, and keeps what came with the time it came at. */
  async function record(stream: ReadableStream<Uint8Array>): Promise<[ms: number, text: string][]> {
    const record: [number, string][] = [];
    const startedAt = Date.now();
    void (async () => {
      for await (const chunk of stream) record.push([Date.now() - startedAt, new TextDecoder().decode(chunk)]);
    })();
    await endOfTurn();
    return record;
  }

  it("sends a comment after each 15 s of silence, an event starting it anew", async () => {
    const source = new ControlledSource<number>();
    const chunks = await record(createEventStream(source, { openingMs: false }));
    await vi.advanceTimersByTimeAsync(10_000);
    source.yield(1);
    await endOfTurn();
    await vi.advanceTimersByTimeAsync(40_000);
    await endOfTurn();
    expect(chunks).toEqual([
      [10_000, "event: message\ndata: 1\n\n"],
      [25_000, ": heartbeat\n"],
      [40_000, ": heartbeat\n"],
    ]);
  });

  it("sends none while events come, nor when it is off", async () => {
    const source = new ControlledSource<number>();
    const chunks = await record(createEventStream(source, { openingMs: false }));
    const silent = await record(createEventStream(new ControlledSource(), { openingMs: false, heartbeatMs: false }));
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      source.yield(second);
      await endOfTurn();
    }
    expect(chunks).toHaveLength(60);
    expect(silent).toEqual([]);
  });

  it("sends none to a consumer that does not read, and lets it go after 30 s", async () => {
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const reader = createEventStream(source, { onClose }).getReader();
    const read = readOne(reader);
    await endOfTurn();
    source.yield(1);
    await read;
    await vi.advanceTimersByTimeAsync(29_999);
    expect(onClose).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onClose).toHaveBeenCalledWith(expect.objectContaining({ reason: "stalled", events: 1, bytes: 24 }));
    expect(source.returns).toBe(1);
    await expect(reader.read()).rejects.toThrow("The reader took nothing for 30000 ms");
  });

  it.each<[string, EventStreamOptions, [number, string][]]>([
    ["100 ms after the first pull", {}, [[100, ":\n"]]],
    ["when it is off, not at all", { openingMs: false }, []],
    ["when something else was sent, not at all", { retryMs: 5 }, [[0, "retry: 5\n"]]],
  ])("opens the line with an empty comment: %s", async (_, options, expected) => {
    const chunks = await record(createEventStream(new ControlledSource(), options));
    await vi.advanceTimersByTimeAsync(14_000);
    await endOfTurn();
    expect(chunks).toEqual(expected);
  });
});

describe("invariant 9: no unhandled rejection and no uncaught exception", () => {
  const throws = (): never => {
    throw new Error("hook throws");
  };
  const rejects = async (): Promise<never> => {
    throw new Error("hook rejects");
  };

  // What escapes fails the run as a whole: vitest reports it.
  it.each([
    ["throw", throws],
    ["reject", rejects],
  ])("whatever hooks, formatter and logger do: %s", async (_, hook) => {
    const options: EventStreamOptions = {
      onOpen: hook,
      onEvent: hook,
      onError: hook,
      onClose: hook,
      logger: { debug: hook, warn: hook },
    };
    async function* source(): AsyncGenerator<number> {
      yield 1;
      throw new Error("boom");
    }
    const text = await readText(createEventStream(source, options));
    expect(text).toContain("data: 1");
    expect(text).toContain("boom");
    const broken = await readText(createEventStream(source, { ...options, formatError: throws }));
    expect(broken).toContain('event: error\ndata: {"error":"Unknown error","status":"error"}\n\n');
    await endOfTurn();
  });

  it.each<[string, () => StreamSource<unknown>]>([
    ["a function that throws", () => throws],
    ["a function that rejects", () => rejects],
    ["a promise that rejects", rejects],
    ["an iterator that throws", () => ({ [Symbol.asyncIterator]: () => ({ next: throws }) })],
    ["an iterable that throws", () => ({ [Symbol.asyncIterator]: throws })],
    ["a promise in an iterable that rejects", () => [1, rejects()]],
    ["a stream that errors", () => new ReadableStream({ start: (controller) => controller.error(new Error("errs")) })],
    ["a value that cannot be encoded", () => [Object.assign([], { toJSON: throws })]],
    ["a value that is circular", () => [circular()]],
  ])("whatever the source does: %s", async (_, createSource) => {
    const events = await readEvents(createEventStream(createSource()));
    expect(events.at(-1)).toMatchObject({ event: "error", data: expect.stringContaining('"status":"error"') });
    expect(events.filter(({ event }) => event === "error")).toHaveLength(1);
  });

  it("leaves a promise that rejects alone when the stream is never read", async () => {
    createEventStream(Promise.reject(new Error("nobody looks")));
    await createEventStream(Promise.reject(new Error("nobody looks"))).cancel();
    await endOfTurn();
  });
});

describe("invariant 10: no module-level timer or stream state", () => {
  it("has no variable at module level that could change", async () => {
    const folder = new URL(".", import.meta.url);
    for (const file of await readdir(folder)) {
      if (file.endsWith(".test.ts")) continue;
      const text = await readFile(new URL(file, folder), "utf8");
      expect(text, file).not.toMatch(
        /^(?:export )?(?:let|var) |^(?:export )?const \w+(?::.*)? = new (?:Weak)?(?:Map|Set)\b/m,
      );
      expect(text, file).not.toMatch(/^(?:export )?.*\b(?:setTimeout|setInterval|setImmediate)\(.*\);$(?<!^\s.*)/m);
    }
  });

  it("touches no timer when it is imported", async () => {
    useFakeClock();
    vi.resetModules();
    await import("./index.ts");
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

function circular(): object {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  return value;
}
