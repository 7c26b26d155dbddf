import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readText } from "../test/read-stream.ts";
import {
  type CloseReport,
  createEventStream,
  type EventStreamOptions,
  MemoryEventLog,
  type MemoryEventLogOptions,
  OverflowError,
  type SseEvent,
  sse,
} from "./index.ts";
import type { PushSource } from "./push-source.ts";

const DONE = { done: true, value: undefined };

/** What a reader gives without waiting: the next `count` events. */
async function take(reader: AsyncIterator<SseEvent, undefined>, count: number): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for (let index = 0; index < count; index++) {
    const result = await reader.next();
    if (result.done === true) break;
    events.push(result.value);
  }
  return events;
}

const dataOf = (events: readonly SseEvent[]): unknown[] => events.map(({ data }) => data);

function logOf(count: number, options: MemoryEventLogOptions = {}): { log: MemoryEventLog<number>; ids: string[] } {
  const log = new MemoryEventLog<number>(options);
  return { log, ids: Array.from({ length: count }, (_, index) => log.append(index)) };
}

describe("MemoryEventLog", () => {
  it("gives what there was, then what comes, each with its id", async () => {
    const { log, ids } = logOf(2);
    const reader = log.read();
    const history = await take(reader, 2);
    expect(history.map(({ id, event, data }) => [id, event, data])).toEqual([
      [ids[0], "message", 0],
      [ids[1], "message", 1],
    ]);
    const pending = reader.next();
    const id = log.append(2);
    expect(await pending).toMatchObject({ done: false, value: { id, data: 2 } });
  });

  it("makes ids that sort in the order of events", () => {
    const { ids } = logOf(100);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(100);
    expect(ids[0]).toMatch(/^[0-9a-z]{13}-[0-9a-z]{7}$/);
  });

  it("serialises an event once, whoever reads it", async () => {
    const serialize = vi.fn(JSON.stringify);
    const log = new MemoryEventLog({ serialize, eventType: "progress" });
    log.append({ percent: 50 });
    log.end();
    const streams = Array.from({ length: 5 }, () =>
      createEventStream(log.read(), { serialize: String, eventType: "x" }),
    );
    const texts = await Promise.all(streams.map(readText));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toMatch(/^id: \S+\nevent: progress\ndata: \{"percent":50\}\n\n$/);
    expect(serialize).toHaveBeenCalledOnce();
  });

  it("keeps type, retry and comment of a whole event, and its id as that of the source", async () => {
    const log = new MemoryEventLog();
    const id = log.append(sse({ a: 1 }, { event: "half", id: "s7", retry: 9, comment: "c" }));
    log.append("plain");
    log.end();
    const text = await readText(createEventStream(log.read()));
    expect(text).toMatch(/^: c\nid: \S+\nevent: half\nretry: 9\ndata: \{"a":1\}\n\nid: \S+\nevent: message\n/);
    expect(text).toContain(id);
    expect(text).not.toContain("s7");
    expect(log.lastSourceId()).toBe("s7");
  });

  it("gives no id to an event without data, with which clients lose it", async () => {
    const log = new MemoryEventLog();
    log.append(sse(undefined, { retry: 5 }));
    log.end();
    expect(await readText(createEventStream(log.read()))).toBe("retry: 5\n\n");
  });

  it("leaves the log as it is when a value cannot be encoded", async () => {
    const { log } = logOf(1);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    expect(() => log.append(sse(circular))).toThrow(TypeError);
    log.end();
    expect(dataOf(await take(log.read(), 5))).toEqual([0]);
  });

  it("tells a stream's onEvent of the data as it was", async () => {
    const { log } = logOf(1);
    log.end();
    const onEvent = vi.fn();
    await readText(createEventStream(log.read(), { onEvent }));
    expect(onEvent).toHaveBeenCalledWith({ type: "message", id: expect.any(String), data: 0 });
  });
});

describe("MemoryEventLog, resuming", () => {
  it("goes on after the id, also the last one", async () => {
    const { log, ids } = logOf(4);
    log.end();
    expect(dataOf(await take(log.read({ after: ids[1] }), 9))).toEqual([2, 3]);
    expect(await log.read({ after: ids[3] }).next()).toEqual(DONE);
  });

  it("begins at the beginning without an id, or with an empty one", async () => {
    const { log } = logOf(2);
    expect(dataOf(await take(log.read({ after: "" }), 2))).toEqual([0, 1]);
    expect(dataOf(await take(log.read({ after: undefined }), 2))).toEqual([0, 1]);
  });

  it("knows no gap where nothing was missed", async () => {
    const { log, ids } = logOf(10, { maxEvents: 3 });
    expect(dataOf(await take(log.read({ after: ids[6] }), 3))).toEqual([7, 8, 9]);
  });

  it.each<[string, (ids: string[]) => string]>([
    ["whose next event was evicted", (ids) => ids[5] ?? ""],
    ["of another log", () => logOf(9).ids[8] ?? ""],
    ["from the future", (ids) => (ids[0] ?? "").replace(/-.*/, "-zzzzzzz")],
    ["that is none", () => "7"],
    ["that is like one", (ids) => `${ids[9]}0`],
    ["that is long", () => "x".repeat(100_000)],
  ])("begins with a gap for an id %s", async (_what, idOf) => {
    const { log, ids } = logOf(10, { maxEvents: 3 });
    const after = idOf(ids);
    const [gap, ...rest] = await take(log.read({ after }), 4);
    expect(gap).toMatchObject({ event: "gap", id: undefined, data: { after } });
    expect(dataOf(rest)).toEqual([7, 8, 9]);
  });

  it("writes the gap as an event without an id", async () => {
    const { log } = logOf(0);
    log.end();
    expect(await readText(createEventStream(log.read({ after: "7" })))).toBe('event: gap\ndata: {"after":"7"}\n\n');
  });
});

describe("MemoryEventLog, bounds", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("keeps `maxEvents`", async () => {
    const { log } = logOf(5_000, { maxEvents: 2 });
    expect(dataOf(await take(log.read(), 2))).toEqual([4_998, 4_999]);
  });

  it("keeps `maxBytes`, and the newest event whatever its size", async () => {
    const log = new MemoryEventLog<string>({ maxBytes: 1_000 });
    log.append("é".repeat(300));
    log.append("b".repeat(400));
    log.append("c".repeat(10));
    expect(dataOf(await take(log.read(), 2)).map((text) => String(text)[0])).toEqual(["b", "c"]);
    log.append("d".repeat(5_000));
    expect(dataOf(await take(log.read(), 1)).map((text) => String(text)[0])).toEqual(["d"]);
  });

  it("keeps `maxAgeMs`, which is looked at when somebody reads", async () => {
    const { log, ids } = logOf(1, { maxAgeMs: 1_000 });
    vi.setSystemTime(Date.now() + 600);
    log.append(1);
    vi.setSystemTime(Date.now() + 600);
    expect(dataOf(await take(log.read(), 1))).toEqual([1]);
    expect(await take(log.read({ after: ids[0] }), 1)).toMatchObject([{ data: 1 }]);
    vi.setSystemTime(Date.now() + 600);
    const reader = log.read({ after: ids[0] });
    expect(await take(reader, 1)).toMatchObject([{ event: "gap" }]);
    const pending = reader.next();
    log.append(2);
    expect(await pending).toMatchObject({ value: { data: 2 } });
  });
});

describe("MemoryEventLog, a reader that falls behind", () => {
  it("ends with an OverflowError by default, one event beyond what may wait", async () => {
    const log = new MemoryEventLog<number>({ maxPendingEvents: 3 });
    const [fast, slow] = [log.read(), log.read()];
    for (let index = 0; index < 3; index++) log.append(index);
    expect(dataOf(await take(fast, 3))).toEqual([0, 1, 2]);
    log.append(3);
    await expect(slow.next()).rejects.toMatchObject({ name: "OverflowError", code: "OVERFLOW", pendingEvents: 4 });
    expect(await slow.next()).toEqual(DONE);
    expect(dataOf(await take(fast, 1))).toEqual([3]);
  });

  it("ends when more bytes wait than may, though not for a single event", async () => {
    const log = new MemoryEventLog<string>({ maxPendingBytes: 100 });
    const reader = log.read();
    log.append("x".repeat(500));
    expect(await take(reader, 1)).toHaveLength(1);
    log.append("x".repeat(60));
    log.append("x".repeat(60));
    await expect(reader.next()).rejects.toThrow(OverflowError);
  });

  it("may take its time with what was there when it came", async () => {
    const { log } = logOf(10, { maxPendingEvents: 2 });
    const reader = log.read();
    expect(dataOf(await take(reader, 5))).toEqual([0, 1, 2, 3, 4]);
    log.append(10);
    log.append(11);
    expect(dataOf(await take(reader, 7))).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it("ends when the log has evicted its next event", async () => {
    const log = new MemoryEventLog<number>({ maxEvents: 2 });
    const reader = log.read();
    for (let index = 0; index < 3; index++) log.append(index);
    await expect(reader.next()).rejects.toThrow(OverflowError);
  });

  it("makes its stream close without an error event, with reason overflow, for the client to come back", async () => {
    const log = new MemoryEventLog<number>({ maxPendingEvents: 2 });
    const reports: CloseReport[] = [];
    const stream = createEventStream(log.read(), {
      onClose: (report) => void reports.push(report),
      stopReconnect: true,
      openingMs: false,
    });
    for (let index = 0; index < 3; index++) log.append(index);
    expect(await readText(stream)).toBe("");
    expect(reports).toMatchObject([{ reason: "overflow", error: { name: "OverflowError" } }]);
  });

  it("goes on with the newest that may wait, by `drop-oldest`, and says how many it lost", async () => {
    const onDrop = vi.fn();
    const log = new MemoryEventLog<number>({ maxPendingEvents: 2, overflow: "drop-oldest", onDrop });
    const reader = log.read();
    for (let index = 0; index < 7; index++) log.append(index);
    expect(dataOf(await take(reader, 2))).toEqual([5, 6]);
    expect(onDrop.mock.calls).toEqual([[{ dropped: 5 }]]);
  });

  it("drops as many bytes as it has to", async () => {
    const log = new MemoryEventLog<string>({ maxPendingBytes: 150, overflow: "drop-oldest" });
    const reader = log.read();
    for (const letter of "abcdef") log.append(letter.repeat(20));
    expect(dataOf(await take(reader, 2))).toEqual(["e".repeat(20), "f".repeat(20)]);
  });

  it("keeps the last event of each key, by `coalesce`, in order", async () => {
    const onDrop = vi.fn();
    const log = new MemoryEventLog<{ task: string; percent: number }>({
      maxPendingEvents: 3,
      overflow: { coalesce: ({ data }) => Object(data).task },
      onDrop,
    });
    const reader = log.read();
    for (const task of ["a", "b", "a", "a", "b", "c"]) log.append({ task, percent: 0 });
    for (const percent of [1, 2]) log.append({ task: "a", percent });
    expect(dataOf(await take(reader, 3))).toEqual([
      { task: "b", percent: 0 },
      { task: "c", percent: 0 },
      { task: "a", percent: 2 },
    ]);
    expect(onDrop.mock.calls).toEqual([[{ dropped: 5 }]]);
    const pending = reader.next();
    log.append({ task: "b", percent: 3 });
    expect(await pending).toMatchObject({ value: { data: { task: "b", percent: 3 } } });
  });

  it("ends when coalescing is not enough, or what it would keep is gone", async () => {
    const overflow = { coalesce: ({ data }: SseEvent) => String(data) };
    const unlike = new MemoryEventLog<number>({ maxPendingEvents: 3, overflow });
    const reader = unlike.read();
    for (let index = 0; index < 4; index++) unlike.append(index);
    await expect(reader.next()).rejects.toThrow(OverflowError);

    const short = new MemoryEventLog<number>({ maxEvents: 2, overflow });
    const late = short.read();
    for (let index = 0; index < 3; index++) short.append(0);
    await expect(late.next()).rejects.toThrow(OverflowError);
  });

  it("fails with what `coalesce` or `onDrop` throws, alone", async () => {
    const log = new MemoryEventLog<number>({
      maxPendingEvents: 1,
      overflow: "drop-oldest",
      onDrop: () => {
        throw new RangeError("no counter");
      },
    });
    const [slow, other] = [log.read(), log.read()];
    const pending = other.next();
    log.append(0);
    log.append(1);
    await expect(slow.next()).rejects.toThrow(new RangeError("no counter"));
    expect(await pending).toMatchObject({ value: { data: 0 } });
  });
});

describe("MemoryEventLog, endings", () => {
  it("ends readers after what they have not read yet", async () => {
    const { log } = logOf(1);
    const reader = log.read();
    const pending = Promise.all([reader.next(), reader.next(), reader.next()]);
    log.append(1);
    log.end();
    log.end({ error: new Error("too late") });
    expect((await pending).map(({ value }) => value?.data)).toEqual([0, 1, undefined]);
    expect(await reader.next()).toEqual(DONE);
  });

  it("fails readers with the failure, those that come later, too", async () => {
    const { log } = logOf(1);
    const early = log.read();
    log.end({ error: new RangeError("boom") });
    for (const reader of [early, log.read()]) {
      expect(dataOf(await take(reader, 1))).toEqual([0]);
      await expect(reader.next()).rejects.toThrow(new RangeError("boom"));
      expect(await reader.next()).toEqual(DONE);
    }
  });

  it("goes on with the next append, for those who come then or skip the failure", async () => {
    const { log, ids } = logOf(1);
    log.end({ error: new RangeError("boom") });
    const waiting = log.read({ after: ids[0], skipFailure: true });
    const pending = waiting.next();
    log.append(1);
    expect(await pending).toMatchObject({ value: { data: 1 } });
    const later = log.read();
    expect(dataOf(await take(later, 2))).toEqual([0, 1]);
    log.end();
    expect(await Promise.all([waiting.next(), later.next()])).toEqual([DONE, DONE]);
    // An end without a failure is one for everybody.
    expect(await log.read({ after: log.append(2), skipFailure: true }).return?.()).toEqual(DONE);
  });

  it("goes on for those who skipped a failure, until the next one, though nothing was appended between two", async () => {
    const { log, ids } = logOf(1);
    log.end({ error: new RangeError("first") });
    const reader = log.read({ after: ids[0], skipFailure: true });
    log.append(1);
    expect(await reader.next()).toMatchObject({ value: { data: 1 } });
    const pending = reader.next();
    log.append(2);
    expect(await pending).toMatchObject({ value: { data: 2 } });
    log.end({ error: new RangeError("second") });
    await expect(reader.next()).rejects.toThrow("second");
    const third = log.read({ after: ids[0], skipFailure: true });
    expect(dataOf(await take(third, 2))).toEqual([1, 2]);
    const last = third.next();
    log.end({ error: new RangeError("third") });
    await expect(last).rejects.toThrow("third");
  });

  it("ends a reader on abort and on return(), while an event is waited for, and leaves no listener", async () => {
    const { log } = logOf(0);
    const controller = new AbortController();
    const [aborted, returned] = [log.read({ signal: controller.signal }), log.read()];
    const pending = Promise.all([aborted.next(), returned.next()]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort();
    expect(await returned.return?.()).toEqual(DONE);
    expect(await pending).toEqual([DONE, DONE]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(await log.read({ signal: controller.signal }).next()).toEqual(DONE);
    log.append(1);
    expect(await aborted.next()).toEqual(DONE);
  });
});

describe("MemoryEventLog, its options", () => {
  it.each<[object, string]>([
    [{ maxEvents: 0 }, "RangeError: Option `maxEvents` must be an integer >= 1 (events); got 0"],
    [{ maxBytes: "1 MB" }, 'TypeError: Option `maxBytes` must be an integer >= 1 (bytes); got "1 MB"'],
    [
      { maxAgeMs: 2 ** 31 },
      "RangeError: Option `maxAgeMs` must be an integer from 1 to 2147483647 (ms); got 2147483648",
    ],
    [{ maxPendingEvents: 1.5 }, "RangeError: Option `maxPendingEvents` must be an integer >= 1 (events); got 1.5"],
    [{ maxPendingBytes: -1 }, "RangeError: Option `maxPendingBytes` must be an integer >= 1 (bytes); got -1"],
    [
      { overflow: "newest" },
      'RangeError: Option `overflow` must be a string, "close" or "drop-oldest", or an object with a function coalesce; got "newest"',
    ],
    [
      { overflow: { coalesce: "key" } },
      'TypeError: Option `overflow` must be a string, "close" or "drop-oldest", or an object with a function coalesce; got an instance of Object',
    ],
    [{ onDrop: true }, "TypeError: Option `onDrop` must be a function; got true"],
    [{ eventType: "" }, 'RangeError: Option `eventType` must be a string, not empty and without line breaks; got ""'],
    [{ serialize: {} }, "TypeError: Option `serialize` must be a function; got an instance of Object"],
    [
      { limit: 1 },
      "TypeError: Unknown option `limit`; allowed are eventType, serialize, maxEvents, maxAgeMs, maxBytes, maxPendingEvents, maxPendingBytes, overflow, onDrop",
    ],
  ])("refuses %j", (options, message) => {
    expect(() => new MemoryEventLog(options)).toThrow(
      expect.objectContaining({ name: message.split(":", 1)[0], message: message.slice(message.indexOf(" ") + 1) }),
    );
  });
});

describe("MemoryEventLog, read by event streams whose chunks are pushed", () => {
  const due: (() => void)[] = [];

  beforeEach(() => {
    due.length = 0;
    vi.stubGlobal("setImmediate", (callback: () => void) => due.push(callback));
  });
  afterEach(() => void vi.unstubAllGlobals());

  const endTurn = (): void => {
    for (const callback of due.splice(0)) callback();
  };

  /** A stream of the log whose sink takes everything. */
  function pushed(
    log: MemoryEventLog<number>,
    write: (text: string, chunk: Uint8Array) => boolean = () => true,
    options: EventStreamOptions<unknown> = {},
  ): string[] {
    const chunks: string[] = [];
    const stream = createEventStream(({ lastEventId }) => log.read({ after: lastEventId }), {
      serialize: String,
      openingMs: false,
      heartbeatMs: false,
      ...options,
    });
    const source: PushSource = Reflect.get(stream, Symbol.for("ssewire.pushSource"));
    source.start({
      takesShared: true,
      write(chunk) {
        const text = new TextDecoder().decode(chunk);
        chunks.push(text);
        return write(text, chunk);
      },
      close: () => chunks.push("closed"),
      error: () => chunks.push("error"),
    });
    return chunks;
  }

  const data = (chunks: readonly string[]): unknown[] =>
    chunks.map((chunk) => (chunk === "closed" ? chunk : [...chunk.matchAll(/data: (.*)\n/g)].map(([, text]) => text)));

  it("reaches all of them at the end of the turn, from one call back, what was appended in it as one chunk", () => {
    const log = new MemoryEventLog<number>();
    const streams = [pushed(log), pushed(log), pushed(log)];
    endTurn();
    log.append(1);
    log.append(2);
    expect(due).toHaveLength(1);
    expect(streams).toEqual([[], [], []]);
    endTurn();
    expect(streams.map(data)).toEqual([[["1", "2"]], [["1", "2"]], [["1", "2"]]]);
    expect(due).toHaveLength(0);
    log.append(3);
    endTurn();
    expect(streams.map(data)).toEqual(Array(3).fill([["1", "2"], ["3"]]));
  });

  it("sends what was appended in a turn as the same bytes to all that have read the same", () => {
    const log = new MemoryEventLog<number>();
    const sent: Uint8Array[] = [];
    const write = (_: string, chunk: Uint8Array): boolean => sent.push(chunk) > 0;
    const first = log.append(0);
    const streams = [pushed(log, write), pushed(log, write, { lastEventId: first }), pushed(log, write)];
    endTurn();
    sent.length = 0;
    log.append(1);
    log.append(2);
    endTurn();
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    expect(streams.map(data)).toEqual([[["0"], ["1", "2"]], [["1", "2"]], [["0"], ["1", "2"]]]);
  });

  it("tells onEvent of each event that was sent so, and onClose how many there were", () => {
    const log = new MemoryEventLog<number>();
    const onEvent = vi.fn();
    const onClose = vi.fn();
    pushed(log, undefined, { onEvent, onClose });
    endTurn();
    const ids = [log.append(1), log.append(2)];
    endTurn();
    log.end();
    endTurn();
    expect(onEvent.mock.calls).toEqual([
      [{ type: "message", id: ids[0], data: 1 }],
      [{ type: "message", id: ids[1], data: 2 }],
    ]);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "completed", events: 2 }));
  });

  it("sends no more at a time than the high water mark of each allows", () => {
    const log = new MemoryEventLog<number>();
    const bytes = Buffer.byteLength(`id: ${log.append(0)}\nevent: message\ndata: 0\n\n`);
    const after = { lastEventId: log.append(0) };
    const two = pushed(log, undefined, { highWaterMark: 2 * bytes, ...after });
    const three = pushed(log, undefined, { highWaterMark: 3 * bytes, ...after });
    endTurn();
    for (const value of [1, 2, 3]) log.append(value);
    while (due.length > 0) endTurn();
    expect(data(two)).toEqual([["1", "2"], ["3"]]);
    expect(data(three)).toEqual([["1", "2", "3"]]);
  });

  it("loses and repeats nothing when a hook appends meanwhile", () => {
    const log = new MemoryEventLog<number>();
    const onEvent = ({ data }: { readonly data: unknown }): unknown => data === 2 && log.append(3);
    const streams = [pushed(log, undefined, { onEvent }), pushed(log), pushed(log)];
    endTurn();
    log.append(1);
    log.append(2);
    while (due.length > 0) endTurn();
    expect(streams.map((chunks) => data(chunks).flat())).toEqual(Array(3).fill(["1", "2", "3"]));
  });

  it("drops, and joins nothing, where more waits than may", () => {
    const onDrop = vi.fn();
    const log = new MemoryEventLog<number>({ maxPendingEvents: 2, overflow: "drop-oldest", onDrop });
    const chunks = pushed(log);
    endTurn();
    for (const value of [1, 2, 3]) log.append(value);
    endTurn();
    expect(data(chunks).flat()).toEqual(["2", "3"]);
    expect(onDrop).toHaveBeenCalledExactlyOnceWith({ dropped: 1 });
  });

  it("asks for no turn while no stream waits", () => {
    const log = new MemoryEventLog<number>();
    log.append(1);
    expect(due).toHaveLength(0);
  });

  it("reaches the others when the sink of one throws, and throws that by itself", () => {
    const log = new MemoryEventLog<number>();
    pushed(log, () => {
      throw new RangeError("boom");
    });
    const other = pushed(log);
    endTurn();
    log.append(1);
    endTurn();
    expect(data(other)).toEqual([["1"]]);
    expect(endTurn).toThrow(new RangeError("boom"));
  });

  it("ends them with what was appended before, though the log goes on in the same turn", () => {
    const log = new MemoryEventLog<number>();
    const before = pushed(log);
    endTurn();
    log.append(1);
    log.end({ error: new Error("boom") });
    log.append(2);
    endTurn();
    expect(data(before)).toEqual([["1", '{"error":"boom","status":"error"}'], "closed"]);
  });

  it("does not write to one that takes nothing more, until it resumes", () => {
    const log = new MemoryEventLog<number>();
    let isWritable = false;
    const chunks = pushed(log, () => isWritable);
    endTurn();
    log.append(1);
    endTurn();
    log.append(2);
    endTurn();
    isWritable = true;
    expect(data(chunks)).toEqual([["1"]]);
  });
});
