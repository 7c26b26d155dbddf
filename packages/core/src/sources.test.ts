import { describe, expect, it, vi } from "vitest";
import { ControlledSource, deferred } from "../test/controlled-source.ts";
import { bodyOf, endOfTurn, readEvents, readOne, readText } from "../test/read-stream.ts";
import { createEventStream, SSEManager, type StreamSource, sse } from "./index.ts";

async function* generate(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}

function* generateSync(): Generator<number> {
  yield 1;
  yield 2;
}

const streamOf = (...values: number[]): ReadableStream<number> =>
  new ReadableStream({
    start(controller) {
      for (const value of values) controller.enqueue(value);
      controller.close();
    },
  });

/** A promise of a library of its own, as far as `then` goes. */
function thenable<Value>(value: Value): PromiseLike<Value> {
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested.
  return { then: (...callbacks) => Promise.resolve(value).then(...callbacks) };
}

const createUnchecked = (source: unknown): unknown => Reflect.apply(createEventStream, undefined, [source]);

const dataOf = async (source: StreamSource<unknown>): Promise<string[]> =>
  (await readEvents(createEventStream(source))).map(({ data }) => data);

describe("StreamSource", () => {
  it.each<[string, () => StreamSource<unknown>]>([
    ["an AsyncIterable", generate],
    ["an async generator", () => generate()],
    ["an async iterator without return", () => ({ [Symbol.asyncIterator]: () => bare(generate()) })],
    ["an array", () => [1, 2]],
    ["a Set", () => new Set([1, 2])],
    ["a generator", generateSync],
    ["an iterator without return", () => ({ [Symbol.iterator]: () => bare(generateSync()) })],
    ["an iterable of promises", () => [Promise.resolve(1), Promise.resolve(2)]],
    ["an iterable of values and thenables", () => [1, thenable(2)]],
    ["a ReadableStream", () => streamOf(1, 2)],
    ["a function", () => () => [1, 2]],
    ["a function that returns a ReadableStream", () => () => streamOf(1, 2)],
    ["an async function", () => async () => generate()],
    ["a function that returns a thenable", () => () => thenable(streamOf(1, 2))],
    ["a promise", () => Promise.resolve([1, 2])],
    ["a promise of an AsyncIterable", async () => generate()],
    ["a thenable", () => thenable(generate())],
  ])("may be %s", async (_, createSource) => {
    expect(await dataOf(createSource())).toEqual(["1", "2"]);
  });

  it.each<[string, () => StreamSource<unknown>]>([
    ["an AsyncIterable", () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: 0 }) }) })],
    ["an array", () => []],
    ["a ReadableStream", () => streamOf()],
    ["a function", () => () => []],
  ])("that is empty puts nothing on the wire: %s", async (_, createSource) => {
    expect(await readText(createEventStream(createSource()))).toBe("");
  });

  it("keeps the order of promises, whichever settles first", async () => {
    const slow = deferred<number>();
    const data = dataOf([slow.promise, Promise.resolve(2), 3]);
    await endOfTurn();
    slow.resolve(1);
    expect(await data).toEqual(["1", "2", "3"]);
  });

  const allowed =
    "`source` must be an AsyncIterable, an Iterable other than a string, an unlocked ReadableStream, a promise of one of these, or a function that returns one; got ";

  const unfit: [string, () => unknown, string][] = [
    ["text", () => "text", '"text"'],
    ["a number", () => 42, "42"],
    ["true", () => true, "true"],
    ["null", () => null, "null"],
    ["undefined", () => undefined, "undefined"],
    ["a symbol", () => Symbol("s"), "Symbol(s)"],
    ["an object", () => ({ data: 1 }), "an instance of Object"],
    [
      "an object whose Symbol.asyncIterator is no function",
      () => ({ [Symbol.asyncIterator]: 1 }),
      "an instance of Object",
    ],
    ["an object whose Symbol.iterator is no function", () => ({ [Symbol.iterator]: 1 }), "an instance of Object"],
    [
      "an object whose then is no function",
      () => Object.fromEntries(["then"].map((key) => [key, 1])),
      "an instance of Object",
    ],
    ["an iterator that is not iterable", () => bare(generateSync()), "an instance of Object"],
    ["a Response", () => new Response("x"), "an instance of Response"],
  ];

  it.each(unfit)("is refused at creation as %s", async (_, createSource, got) => {
    const source = createSource();
    for (const create of [
      () => createUnchecked(source),
      () => Reflect.apply(SSEManager.createResponse, SSEManager, [source]),
    ]) {
      expect(create).toThrow(TypeError);
      expect(create).toThrow(`${allowed}${got}`);
    }
    await expect(Reflect.apply(SSEManager.openResponse, SSEManager, [source])).rejects.toThrow(`${allowed}${got}`);
  });

  it("is refused at creation as a stream that is locked", () => {
    const stream = streamOf(1);
    stream.getReader();
    expect(() => createEventStream(stream)).toThrow(TypeError);
    expect(() => createEventStream(stream)).toThrow(`${allowed}an instance of ReadableStream`);
  });

  it.each(unfit)("fails the stream when a function returns, or a promise holds, %s", async (_, createSource, got) => {
    const message = `${allowed}${got}`;
    for (const source of [() => createSource(), async () => createSource(), Promise.resolve(createSource())]) {
      const onError = vi.fn();
      const stream = Reflect.apply(createEventStream, undefined, [source, { onError }]);
      expect(await readEvents(stream)).toEqual([{ id: undefined, event: "error", data: expect.any(String) }]);
      expect(onError).toHaveBeenCalledExactlyOnceWith(new TypeError(`Cannot create event stream: ${message}`));
    }
  });

  it("fails the stream when it was locked after the creation", async () => {
    const source = streamOf(1);
    const stream = createEventStream(source);
    source.getReader();
    expect(await readEvents(stream)).toEqual([{ id: undefined, event: "error", data: expect.any(String) }]);
  });

  it.each<[string, unknown]>([
    ["an object with data", { data: 1 }],
    ["an object with all fields of an event", { event: "other", data: 1, id: "7", retry: 5, comment: "c" }],
  ])("yields plain values that are data, never guessed to be events: %s", async (_, value) => {
    expect(await readText(createEventStream([value]))).toBe(`event: message\ndata: ${JSON.stringify(value)}\n\n`);
  });

  it("yields whole events of another copy of this package, too", async () => {
    const event = { [Symbol.for("ssewire.event")]: true, data: 1, event: "other" };
    expect(await readText(createEventStream([event]))).toBe("event: other\ndata: 1\n\n");
  });

  it("is released when it is cancelled: a ReadableStream, though a read is pending", async () => {
    const cancel = vi.fn();
    const reader = createEventStream(new ReadableStream({ cancel })).getReader();
    void reader.read();
    await endOfTurn();
    await reader.cancel("gone");
    expect(cancel).toHaveBeenCalledExactlyOnceWith("gone");
  });

  it("is released when it is cancelled: an Iterable, and one without return", async () => {
    const finallyDone = vi.fn();
    function* source(): Generator<string> {
      try {
        for (;;) yield "x".repeat(10_000);
      } finally {
        finallyDone();
      }
    }
    for (const each of [source(), { [Symbol.iterator]: () => bare(source()) }]) {
      const reader = createEventStream(each).getReader();
      await reader.read();
      await reader.cancel();
    }
    expect(finallyDone).toHaveBeenCalledOnce();
  });

  it("is released when it is cancelled before its first pull: an Iterable, and one without return", async () => {
    const opened = vi.fn();
    const iterable = {
      [Symbol.iterator]() {
        opened();
        return bare(generateSync());
      },
    };
    await createEventStream(iterable).cancel();
    await createEventStream({ [Symbol.asyncIterator]: () => bare(generate()) }).cancel();
    expect(opened).toHaveBeenCalledOnce();
  });

  it("is released when it is cancelled before its first pull: what a promise holds", async () => {
    const source = new ControlledSource();
    await createEventStream(Promise.resolve(source)).cancel();
    await createEventStream(thenable(source)).cancel();
    await endOfTurn();
    expect(source).toMatchObject({ pulls: 0, returns: 2 });
  });

  it("is released, once, when it opens after a cancel: what a promise holds", async () => {
    const opened = deferred<AsyncIterable<number>>();
    const source = new ControlledSource<number>();
    for (const each of [opened.promise, () => opened.promise]) {
      const reader = createEventStream(each).getReader();
      void reader.read();
      await endOfTurn();
      await reader.cancel();
    }
    expect(source.returns).toBe(0);
    opened.resolve(source);
    await endOfTurn();
    expect(source).toMatchObject({ pulls: 0, returns: 2 });
  });

  it("may reject after a cancel, in opening or in next(), and nobody hears of it", async () => {
    const opened = deferred<[]>();
    const source = new ControlledSource();
    const onError = vi.fn();
    for (const each of [() => opened.promise, source]) {
      const reader = createEventStream<unknown>(each, { onError }).getReader();
      void reader.read();
      await endOfTurn();
      await reader.cancel();
    }
    opened.reject(new Error("too late"));
    source.fail(new Error("too late"));
    await endOfTurn();
    expect(onError).not.toHaveBeenCalled();
  });

  it("may yield or end after a cancel, and nothing comes of it", async () => {
    for (const end of [false, true]) {
      const source = new ControlledSource();
      const onEvent = vi.fn();
      const onClose = vi.fn();
      const reader = createEventStream(source, { onEvent, onClose }).getReader();
      void reader.read();
      await endOfTurn();
      await reader.cancel();
      if (end) source.end();
      else source.yield(1);
      await endOfTurn();
      expect(source).toMatchObject({ pulls: 1, returns: 1 });
      expect(onEvent).not.toHaveBeenCalled();
      expect(onClose).toHaveBeenCalledOnce();
    }
  });

  it.each<[string, () => unknown]>([
    ["undefined", () => undefined],
    ["a promise of undefined", async () => undefined],
    ["a promise of null", async () => null],
  ])("fails the stream when next() gives %s", async (_, next) => {
    const source = { [Symbol.asyncIterator]: () => ({ next }) };
    const stream = Reflect.apply(createEventStream, undefined, [source]);
    expect(await readEvents(stream)).toEqual([{ id: undefined, event: "error", data: expect.any(String) }]);
  });

  it("may abort the stream from within next()", async () => {
    const controller = new AbortController();
    const return_ = vi.fn(async () => ({ done: true as const, value: undefined }));
    const next = async (): Promise<IteratorResult<number>> => {
      controller.abort();
      return { done: false, value: 1 };
    };
    const source = { [Symbol.asyncIterator]: () => ({ next, return: return_ }) };
    expect(await readText(createEventStream(source, { signal: controller.signal }))).toBe("");
    expect(return_).toHaveBeenCalledOnce();
  });
});

describe("createEventStream", () => {
  it("can be teed: both branches get every event", async () => {
    const values = Array.from({ length: 5_000 }, (_, index) => index);
    const [first, second] = createEventStream(values).tee();
    const [one, two] = await Promise.all([readEvents(first), readEvents(second)]);
    expect(one.map(({ data }) => Number(data))).toEqual(values);
    expect(two).toEqual(one);
  });

  it("is cancelled when both branches of a tee are", async () => {
    const source = new ControlledSource();
    const onClose = vi.fn();
    const [first, second] = bodyOf(SSEManager.createResponse(source, { onClose })).tee();
    const readers = [first.getReader(), second.getReader()];
    const reads = readers.map((reader) => readOne(reader));
    await endOfTurn();
    source.yield(1);
    const frame = "event: message\ndata: 1\n\n";
    expect(await Promise.all(reads)).toEqual([frame, frame]);
    const cancels = readers.map((reader) => reader.cancel());
    await Promise.all(cancels);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "cancelled" }));
    expect(source.returns).toBe(1);
  });
});

describe("SSEManager", () => {
  it("keeps two streams apart that run at the same time", async () => {
    const manager = new SSEManager({ eventType: "tick" });
    const sources = [new ControlledSource<unknown>(), new ControlledSource<unknown>()] as const;
    const bodies = sources.map((source) => readEvents(bodyOf(manager.createResponse(source))));
    await endOfTurn();
    for (let index = 0; index < 20; index++) {
      sources[0].yield(sse(`a${index}`, { id: `${index}` }));
      sources[1].yield(`b${index}`);
      await endOfTurn();
    }
    sources[0].fail(new Error("boom"));
    await endOfTurn();
    expect(manager.size).toBe(1);
    sources[1].yield("last");
    await endOfTurn();
    sources[1].end();
    const [one = [], two = []] = await Promise.all(bodies);
    expect(one.map(({ data }) => data)).toEqual([
      ...Array.from({ length: 20 }, (_, index) => `"a${index}"`),
      '{"error":"boom","status":"error"}',
    ]);
    expect(two.map(({ data }) => data)).toEqual([...Array.from({ length: 20 }, (_, index) => `"b${index}"`), '"last"']);
    expect(two.every(({ id, event }) => id === undefined && event === "tick")).toBe(true);
    expect(manager.size).toBe(0);
  });
});

/** An iterator with `next` alone. */
function bare<Iterator extends { next(): unknown }>(iterator: Iterator): Pick<Iterator, "next"> {
  return { next: () => iterator.next() };
}
