import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlledSource } from "../test/controlled-source.ts";
import { END, pass, record, useFakeClock } from "../test/fake-clock.ts";
import { endOfTurn, readChunks, readEvents, readOne, readText } from "../test/read-stream.ts";
import {
  type CloseReport,
  createEventStream,
  type EventStreamOptions,
  encodeEvent,
  errorData,
  type SentEvent,
  SSEManager,
  type StreamSource,
  sse,
} from "./index.ts";

const END_FRAME = "id: ~end\nevent: ~end\ndata: \n\n";
const DELAY = "an integer from 1 to 2147483647 (ms)";
const FUNCTION = "a function";
const ONE_LINE = "a string, not empty and without line breaks";

/** Calls as JavaScript does, where no compiler looks at the options. */
const call = (create: (...args: never[]) => unknown, ...args: unknown[]): unknown =>
  Reflect.apply(create, undefined, args);

const manager = new SSEManager();

/** All that take the options of an event stream. */
const creators: [string, (options: unknown) => unknown][] = [
  ["createEventStream", (options) => call(createEventStream, [], options)],
  ["SSEManager.createResponse", (options) => call(SSEManager.createResponse, [], options)],
  ["SSEManager.openResponse", (options) => call(SSEManager.openResponse, [], options)],
  ["new SSEManager", (options) => Reflect.construct(SSEManager, [options])],
  ["manager.createResponse", (options) => Reflect.apply(manager.createResponse, manager, [[], options])],
  ["manager.openResponse", (options) => Reflect.apply(manager.openResponse, manager, [[], options])],
];

/** What a call throws or rejects with. */
async function failureOf(create: () => unknown): Promise<unknown> {
  try {
    await create();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

/** Option, bad value, what is thrown, what the message says is allowed, and how it names the value. */
type Refusal = [
  option: string,
  value: unknown,
  type: typeof TypeError | typeof RangeError,
  allowed: string,
  got: string,
];

const delays = (option: string, allowed: string): Refusal[] => [
  [option, 0, RangeError, allowed, "0"],
  [option, -1, RangeError, allowed, "-1"],
  [option, 1.5, RangeError, allowed, "1.5"],
  [option, Number.NaN, RangeError, allowed, "NaN"],
  [option, Number.POSITIVE_INFINITY, RangeError, allowed, "Infinity"],
  [option, 2 ** 31, RangeError, allowed, "2147483648"],
  [option, "5", TypeError, allowed, '"5"'],
  [option, null, TypeError, allowed, "null"],
  [option, true, TypeError, allowed, "true"],
  [option, 5n, TypeError, allowed, "5"],
];

const functions = (option: string): Refusal[] => [
  [option, null, TypeError, FUNCTION, "null"],
  [option, "f", TypeError, FUNCTION, '"f"'],
  [option, {}, TypeError, FUNCTION, "an instance of Object"],
];

const lines = (option: string): Refusal[] => [
  [option, "", RangeError, ONE_LINE, '""'],
  [option, "a\nb", RangeError, ONE_LINE, '"a\\nb"'],
  [option, "a\r", RangeError, ONE_LINE, '"a\\r"'],
  [option, 1, TypeError, ONE_LINE, "1"],
  [option, null, TypeError, ONE_LINE, "null"],
  [option, Symbol("s"), TypeError, ONE_LINE, "Symbol(s)"],
];

const refusals: Refusal[] = [
  ...lines("eventType"),
  ...functions("id"),
  ...functions("serialize"),
  ...delays("heartbeatMs", `${DELAY}, or false`),
  ["heartbeatComment", 1, TypeError, "a string", "1"],
  ["heartbeatComment", null, TypeError, "a string", "null"],
  ["retryMs", -1, RangeError, "an integer >= 0 (ms)", "-1"],
  ["retryMs", 0.5, RangeError, "an integer >= 0 (ms)", "0.5"],
  ["retryMs", 2 ** 53, RangeError, "an integer >= 0 (ms)", "9007199254740992"],
  ["retryMs", false, TypeError, "an integer >= 0 (ms)", "false"],
  ["retryMs", "5", TypeError, "an integer >= 0 (ms)", '"5"'],
  ...delays("openingMs", `${DELAY}, or false`),
  ["padding", -1, RangeError, "an integer", "-1"],
  ["padding", 1.5, RangeError, "an integer", "1.5"],
  ["padding", "2048", TypeError, "an integer", '"2048"'],
  ["signal", null, TypeError, "an AbortSignal", "null"],
  ["signal", {}, TypeError, "an AbortSignal", "an instance of Object"],
  ["signal", new AbortController(), TypeError, "an AbortSignal", "an instance of AbortController"],
  ["lastEventId", 7, TypeError, "a string", "7"],
  ["lastEventId", null, TypeError, "a string", "null"],
  ...functions("formatError"),
  ...lines("errorEvent"),
  ["endEvent", { data: "done" }, TypeError, "an event made with sse()", "an instance of Object"],
  ["endEvent", "done", TypeError, "an event made with sse()", '"done"'],
  ["endEvent", null, TypeError, "an event made with sse()", "null"],
  ["endEvent", sse(1, { id: "a\nb" }), TypeError, "its fields such as can be encoded", "an instance of Object"],
  ["stopReconnect", 1, TypeError, "a boolean", "1"],
  ["stopReconnect", "true", TypeError, "a boolean", '"true"'],
  ...delays("maxAgeMs", DELAY),
  ["maxAgeMs", false, TypeError, DELAY, "false"],
  ...delays("stallTimeoutMs", `${DELAY}, or false`),
  ["highWaterMark", 0, RangeError, "an integer >= 1 (bytes)", "0"],
  ["highWaterMark", Number.POSITIVE_INFINITY, RangeError, "an integer >= 1 (bytes)", "Infinity"],
  ["highWaterMark", "16384", TypeError, "an integer >= 1 (bytes)", '"16384"'],
  ...functions("onOpen"),
  ...functions("onEvent"),
  ...functions("onError"),
  ...functions("onClose"),
  ["logger", null, TypeError, "an object with the methods debug and warn", "null"],
  ["logger", { debug: vi.fn() }, TypeError, "an object with the methods debug and warn", "an instance of Object"],
  ["logger", { debug: 1, warn: vi.fn() }, TypeError, "the methods debug and warn", "an instance of Object"],
  ["logger", { debug: vi.fn(), warn: 1 }, TypeError, "the methods debug and warn", "an instance of Object"],
  ["logger", vi.fn(), TypeError, "an object with the methods debug and warn", "a function"],
];

describe.each(creators)("%s", (_, create) => {
  it.each(refusals)("refuses %s: %o at creation", async (option, value, type, allowed, got) => {
    const error = await failureOf(() => create({ [option]: value }));
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty("message", expect.stringContaining(`\`${option}\` must be `));
    expect(error).toHaveProperty("message", expect.stringContaining(allowed));
    expect(error instanceof Error && error.message.endsWith(`; got ${got}`), String(error)).toBe(true);
  });

  it("names an option that is unknown, and those that are not", async () => {
    for (const option of ["heartbeat", "toString", "__proto__x"]) {
      const error = await failureOf(() => create({ [option]: undefined }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty("message", expect.stringContaining(`Unknown option \`${option}\``));
      expect(error).toHaveProperty("message", expect.stringContaining("heartbeatMs"));
    }
  });

  it.each([
    [null, "null"],
    [5, "5"],
  ])("refuses %o in place of options", async (options, got) => {
    const error = await failureOf(() => create(options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty("message", `Options must be an object; got ${got}`);
  });

  it("cuts a long text short where it names it", async () => {
    const error = await failureOf(() => create({ padding: "x".repeat(1_000) }));
    expect(error).toHaveProperty("message", expect.stringMatching(/; got "x{40}…"$/));
  });

  it("names a value without a prototype", async () => {
    const error = await failureOf(() => create({ padding: Object.create(null) }));
    expect(error).toHaveProperty("message", expect.stringMatching(/; got an instance of Object$/));
  });
});

/** All that is written, in time that stands still. */
const written = <Value>(source: StreamSource<Value>, options: EventStreamOptions<Value> = {}): Promise<string> =>
  readText(createEventStream<Value>(source, { openingMs: false, ...options }));

async function* fails(error: unknown): AsyncGenerator<number> {
  yield 1;
  throw error;
}

describe("EventStreamOptions", () => {
  beforeEach(useFakeClock);
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("takes undefined for the default, for every option", async () => {
    const options = Object.fromEntries(refusals.map(([option]) => [option, undefined]));
    const withDefaults = await record(createEventStream(fails(new Error("boom"))));
    const withUndefined = await record(createEventStream(fails(new Error("boom")), options));
    expect(withUndefined).toEqual(withDefaults);
    expect(withDefaults.map(([, text]) => text).join("")).toBe(
      `event: message\ndata: 1\n\nevent: error\ndata: {"error":"boom","status":"error"}\n\n${END}`,
    );
  });

  it("leaves the options it was given alone", async () => {
    const options = Object.freeze({ eventType: "tick", retryMs: 5 });
    expect(await written([1], options)).toBe("retry: 5\nevent: tick\ndata: 1\n\n");
    expect(options).toEqual({ eventType: "tick", retryMs: 5 });
  });

  describe("eventType", () => {
    it("is the type of plain values, and of whole events that have none", async () => {
      const source = [1, sse(2), sse(3, { event: "other" })];
      expect(await written(source, { eventType: "tick" })).toBe(
        "event: tick\ndata: 1\n\nevent: tick\ndata: 2\n\nevent: other\ndata: 3\n\n",
      );
    });

    it("is message by default, written out", async () => {
      expect(await written([1])).toBe("event: message\ndata: 1\n\n");
    });
  });

  describe("id", () => {
    it("is told the value and the index in the stream, whole events counted in", async () => {
      const id = vi.fn((value: unknown, index: number) => `${value}-${index}`);
      expect(await written<unknown>(["a", sse("b"), "c"], { id })).toBe(
        'id: a-0\nevent: message\ndata: "a"\n\nevent: message\ndata: "b"\n\nid: c-2\nevent: message\ndata: "c"\n\n',
      );
      expect(id.mock.calls).toEqual([
        ["a", 0],
        ["c", 2],
      ]);
    });

    it("writes an empty one, which resets it", async () => {
      expect(await written([1], { id: () => "" })).toBe("id: \nevent: message\ndata: 1\n\n");
    });

    it.each(["a\nb", "a\rb", "\0"])("fails the stream with one that cannot be read back: %o", async (id) => {
      const onError = vi.fn();
      const events = await readEvents(createEventStream([1, 2], { id: () => id, onError }));
      expect(events).toEqual([{ id: undefined, event: "error", data: expect.stringContaining("`id` contains") }]);
      expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(RangeError));
    });
  });

  describe("serialize", () => {
    it("sends raw text with String, line breaks included", async () => {
      expect(await written(["a", "b\r\nc"], { serialize: String })).toBe(
        "event: message\ndata: a\n\nevent: message\ndata: b\ndata: c\n\n",
      );
    });

    it("may be compiled from a schema, and is asked for the data of whole events and of the last, too", async () => {
      const serialize = (data: unknown): string =>
        typeof data === "object" && data !== null && "percent" in data ? `{"percent":${data.percent}}` : "{}";
      const source = [{ percent: 1 }, sse({ percent: 2 }, { id: "2" })];
      expect(await written(source, { serialize, endEvent: sse({ percent: 100 }) })).toBe(
        'event: message\ndata: {"percent":1}\n\nid: 2\nevent: message\ndata: {"percent":2}\n\n' +
          'event: message\ndata: {"percent":100}\n\n',
      );
    });

    it("is not asked for an event without data, nor for the error event", async () => {
      const serialize = vi.fn(String);
      async function* source(): AsyncGenerator<unknown> {
        yield sse(undefined, { comment: "still here" });
        throw new Error("boom");
      }
      expect(await written(source(), { serialize })).toBe(
        ': still here\n\nevent: error\ndata: {"error":"boom","status":"error"}\n\n',
      );
      expect(serialize).not.toHaveBeenCalled();
    });

    it("fails the stream when it throws, or gives no text", async () => {
      const broken = (): never => {
        throw new Error("no schema");
      };
      expect(await written([1], { serialize: broken })).toContain('{"error":"no schema","status":"error"}');
      const junk: EventStreamOptions = {};
      Reflect.set(junk, "serialize", () => 5);
      expect(await written([1], junk)).toContain("Cannot encode event: `data` must be a string; got 5");
    });

    it.each<[string, unknown, string]>([
      ["a BigInt as a decimal string", 12_345_678_901_234_567_890n, '"12345678901234567890"'],
      ["a BigInt within a value", { size: [1n, { deep: -2n }] }, '{"size":["1",{"deep":"-2"}]}'],
      ["undefined as null", undefined, "null"],
      ["undefined within a value as JSON does", { a: undefined, b: [undefined] }, '{"b":[null]}'],
      ["null", null, "null"],
      ["text in quotes, its line breaks escaped", "a\nb", '"a\\nb"'],
      ["what toJSON gives", new Date(0), '"1970-01-01T00:00:00.000Z"'],
      ["functions and symbols within a value as JSON does", { a: () => 1, b: [Symbol("s")] }, '{"b":[null]}'],
    ])("writes by default %s", async (_, value, data) => {
      expect(await written([value])).toBe(`event: message\ndata: ${data}\n\n`);
    });

    it("asks a toJSON that throws once only, unless it is for a BigInt", async () => {
      const toJSON = vi.fn((): never => {
        throw new RangeError("no form");
      });
      expect(await written([{ toJSON }])).toContain("no form");
      expect(toJSON).toHaveBeenCalledOnce();
    });

    it.each<[string, unknown, string]>([
      ["a function", () => 1, "a function has no JSON form"],
      ["a symbol", Symbol("s"), "Symbol(s) has no JSON form"],
    ])("refuses by default %s", async (_, value, message) => {
      const onClose = vi.fn();
      expect(await written([value], { onClose })).toContain(message);
      expect(onClose).toHaveBeenCalledWith(expect.objectContaining({ reason: "failed", events: 0 }));
    });
  });

  describe("heartbeatMs and heartbeatComment", () => {
    it("send the comment after that much silence, a line for each of its lines", async () => {
      const options = { openingMs: false, heartbeatMs: 200, heartbeatComment: "a\r\nb\rc\nd" } as const;
      const source = new ControlledSource();
      const chunks = await record(createEventStream(source, options));
      await pass(450);
      source.yield(1);
      await endOfTurn();
      await pass(250);
      const comment = ": a\n: b\n: c\n: d\n";
      expect(chunks).toEqual([
        [200, comment],
        [400, comment],
        [450, "event: message\ndata: 1\n\n"],
        [650, comment],
      ]);
    });

    it("are invisible to a reader", async () => {
      const source = new ControlledSource();
      const events = readEvents(createEventStream(source, { heartbeatMs: 10, heartbeatComment: "\ndata: no\n\n" }));
      await endOfTurn();
      await pass(100);
      source.yield(1);
      await endOfTurn();
      source.end();
      expect(await events).toEqual([{ id: undefined, event: "message", data: "1" }]);
    });

    it("do not come in a turn in which an event does", async () => {
      const source = new ControlledSource();
      const chunks = await record(createEventStream(source, { openingMs: 50, heartbeatMs: 50 }));
      source.yield(1);
      await Promise.resolve();
      await Promise.resolve();
      // Both are due before the turn is over.
      vi.advanceTimersByTime(50);
      await endOfTurn();
      expect(chunks).toEqual([[50, "event: message\ndata: 1\n\n"]]);
    });

    it("are off with false, even with no stall time-out to look for", async () => {
      const options = { openingMs: false, heartbeatMs: false, stallTimeoutMs: false } as const;
      const chunks = await record(createEventStream(new ControlledSource(), options));
      expect(vi.getTimerCount()).toBe(0);
      await pass(1_000_000);
      expect(chunks).toEqual([]);
    });

    it("come every 5 s on Bun, whose server drops a line that is idle for 10 s", async () => {
      vi.stubGlobal("Bun", {});
      const chunks = await record(createEventStream(new ControlledSource(), { openingMs: false }));
      vi.unstubAllGlobals();
      await pass(11_000);
      expect(chunks.map(([ms]) => ms)).toEqual([5_000, 10_000]);
    });

    it("do not come before their time when the stall time-out is shorter", async () => {
      const options = { openingMs: false, heartbeatMs: 1_000, stallTimeoutMs: 300 } as const;
      const chunks = await record(createEventStream(new ControlledSource(), options));
      await pass(2_500);
      expect(chunks).toEqual([
        [1_000, ": heartbeat\n"],
        [2_000, ": heartbeat\n"],
      ]);
    });
  });

  describe("retryMs", () => {
    it.each([0, 5, Number.MAX_SAFE_INTEGER])("is sent first, before the source yields: %d", async (retryMs) => {
      expect(await record(createEventStream(new ControlledSource(), { retryMs }))).toEqual([
        [0, `retry: ${retryMs}\n`],
      ]);
    });
  });

  describe("openingMs", () => {
    it("sends an empty comment that long after the first pull when nothing else was sent", async () => {
      const stream = createEventStream(new ControlledSource(), { openingMs: 30, heartbeatMs: false });
      await pass(1_000);
      const chunks = await record(stream);
      await pass(1_000);
      expect(chunks).toEqual([[30, ":\n"]]);
    });

    it("sends nothing after an event, nor with false", async () => {
      const source = new ControlledSource();
      const chunks = await record(createEventStream(source, { openingMs: 30 }));
      source.yield(1);
      const silent = await record(createEventStream(new ControlledSource(), { openingMs: false }));
      await pass(1_000);
      expect(chunks).toEqual([[0, "event: message\ndata: 1\n\n"]]);
      expect(silent).toEqual([]);
    });
  });

  describe("padding", () => {
    it.each([1, 2_048, 40_000])("sends that many bytes of comment first: %d", async (padding) => {
      const chunks = await readChunks(createEventStream([1], { padding, retryMs: 5 }));
      const [comment = "", ...rest] = chunks.join("").split("\n");
      expect(comment).toMatch(/^: +$/);
      expect(comment.length).toBeGreaterThanOrEqual(padding);
      expect(comment.length).toBeLessThanOrEqual(padding + 2);
      expect(rest.join("\n")).toBe("retry: 5\nevent: message\ndata: 1\n\n");
    });

    it("is none with 0", async () => {
      expect(await written([1], { padding: 0 })).toBe("event: message\ndata: 1\n\n");
    });

    it("is refused at creation when no text can be that long", () => {
      expect(() => createEventStream([1], { padding: 2 ** 40 })).toThrow(RangeError);
    });
  });

  describe("signal", () => {
    it("ends the stream when it is aborted, without a loss of what was ready", async () => {
      const controller = new AbortController();
      const onClose = vi.fn();
      const source = new ControlledSource();
      const options = { signal: controller.signal, onClose, openingMs: false } as const;
      const chunks = await record(createEventStream(source, options));
      await pass(10);
      source.yield(1);
      // The value is taken, but the turn is not over.
      await Promise.resolve();
      await Promise.resolve();
      controller.abort(new Error("enough"));
      await endOfTurn();
      expect(chunks).toEqual([
        [10, "event: message\ndata: 1\n\n"],
        [10, END],
      ]);
      expect(onClose).toHaveBeenCalledExactlyOnceWith({ reason: "aborted", durationMs: 10, events: 1, bytes: 24 });
    });

    it("ends the stream at its first pull when it was aborted before, and starts no source", async () => {
      const source = vi.fn(() => [1]);
      const onClose = vi.fn();
      expect(await written(source, { signal: AbortSignal.abort(), onClose })).toBe("");
      expect(source).not.toHaveBeenCalled();
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "aborted" }));
    });

    it("releases a live source that it kept from starting", async () => {
      const source = new ControlledSource();
      expect(await written(source, { signal: AbortSignal.abort() })).toBe("");
      expect(source).toMatchObject({ pulls: 0, returns: 1 });
    });

    it("may be aborted by the source itself, while it opens or while it yields", async () => {
      for (const async of [false, true]) {
        const controller = new AbortController();
        const source = new ControlledSource();
        const opens = (): ControlledSource<unknown> | Promise<ControlledSource<unknown>> => {
          controller.abort();
          return async ? Promise.resolve(source) : source;
        };
        expect(await written(opens, { signal: controller.signal })).toBe("");
        await endOfTurn();
        expect(source).toMatchObject({ pulls: 0, returns: 1 });
      }
      const controller = new AbortController();
      function* yields(): Generator<number> {
        yield 1;
        controller.abort();
        yield 2;
      }
      expect(await written(yields, { signal: controller.signal })).toBe("event: message\ndata: 1\n\n");
    });
  });

  describe("lastEventId", () => {
    it("is what a source that is a function is told", async () => {
      const source = vi.fn(() => []);
      await written(source, { lastEventId: "7" });
      await written(source, { lastEventId: "" });
      await written(source);
      expect(source.mock.calls).toEqual([
        [{ signal: expect.any(AbortSignal), lastEventId: "7" }],
        [{ signal: expect.any(AbortSignal), lastEventId: "" }],
        [{ signal: expect.any(AbortSignal), lastEventId: undefined }],
      ]);
    });
  });

  describe("formatError", () => {
    const first = "event: message\ndata: 1\n\n";

    it.each<[string, (error: unknown) => unknown, string]>([
      ["an object", () => ({ code: 7, size: 5n }), 'event: error\ndata: {"code":7,"size":"5"}\n\n'],
      ["text", (error) => String(error), 'event: error\ndata: "Error: boom"\n\n'],
      ["null, which sends nothing", () => null, ""],
      [
        "undefined, which is taken for a mistake",
        () => undefined,
        'event: error\ndata: {"error":"Unknown error","status":"error"}\n\n',
      ],
      [
        "a whole event",
        () => sse({ code: 7 }, { event: "failure", id: "9", retry: 5, comment: "c" }),
        ': c\nid: 9\nevent: failure\nretry: 5\ndata: {"code":7}\n\n',
      ],
      ["a whole event without a type", () => sse("x", { id: "9" }), 'id: 9\nevent: error\ndata: "x"\n\n'],
      ["a whole event without data", () => sse(undefined, { retry: 5 }), "retry: 5\n\n"],
    ])("may return %s", async (_, formatError, frame) => {
      expect(await written(fails(new Error("boom")), { formatError })).toBe(first + frame);
    });

    it.each<[string, () => unknown]>([
      [
        "throws",
        () => {
          throw new Error("secret");
        },
      ],
      ["returns what has no JSON form", () => () => "secret"],
      ["returns an event that cannot be encoded", () => sse("secret", { id: "a\nb" })],
    ])("that %s is told to onError, and nothing of it is shown", async (_, formatError) => {
      const onError = vi.fn();
      const text = await written(fails(new Error("boom")), { formatError, onError });
      expect(text).toBe(`${first}event: error\ndata: {"error":"Unknown error","status":"error"}\n\n`);
      expect(onError.mock.calls).toEqual([[new Error("boom")], [expect.any(Error)]]);
    });

    it("that is async is told to onError, and its rejection goes no further", async () => {
      const onError = vi.fn();
      const formatError = async (): Promise<never> => {
        throw new Error("secret");
      };
      const text = await written(fails(new Error("boom")), { formatError, onError });
      await endOfTurn();
      expect(text).toBe(`${first}event: error\ndata: {"error":"Unknown error","status":"error"}\n\n`);
      expect(onError).toHaveBeenCalledWith(new Error("boom"));
    });

    it.each<[string, unknown, string]>([
      ["an Error", new Error("boom"), '{"error":"boom","status":"error"}'],
      ["text", "boom", '{"error":"boom","status":"error"}'],
      ["an object with a message", { message: "boom" }, '{"error":"boom","status":"error"}'],
      ["an object with a message that is no text", { message: 5 }, '{"error":"Unknown error","status":"error"}'],
      ["a number", 42, '{"error":"Unknown error","status":"error"}'],
      ["null", null, '{"error":"Unknown error","status":"error"}'],
      ["undefined", undefined, '{"error":"Unknown error","status":"error"}'],
      [
        "an error with errorData",
        Object.assign(new Error("boom"), { [errorData]: { code: "QUOTA", retryable: true } }),
        '{"error":"boom","status":"error","code":"QUOTA","retryable":true}',
      ],
      [
        "an error with errorData over the default",
        Object.assign(new Error("boom"), { [errorData]: { error: "safe", status: "gone" } }),
        '{"error":"safe","status":"gone"}',
      ],
      [
        "an error with errorData that is no object",
        Object.assign(new Error("boom"), { [errorData]: "x" }),
        '{"error":"boom","status":"error"}',
      ],
      [
        "an error with errorData that is null",
        Object.assign(new Error("boom"), { [errorData]: null }),
        '{"error":"boom","status":"error"}',
      ],
      ["an error that throws when it is looked at", hostileError(), '{"error":"Unknown error","status":"error"}'],
    ])("shows by default what was thrown: %s", async (_, error, data) => {
      const onClose = vi.fn();
      const text = await written(fails(error), { onClose });
      expect(text).toBe(`${first}event: error\ndata: ${data}\n\n`);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed", events: 1 }));
    });

    const asking = (retryAfterMs: unknown): Error =>
      Object.assign(new Error("boom"), { [errorData]: { retryAfterMs } });

    it.each([
      [5000, "5000"],
      [0, "0"],
      [0.2, "1"],
      [1500.5, "1501"],
    ])("tells the client to stay away for the retryAfterMs of errorData: %d", async (retryAfterMs, retry) => {
      const data = `{"error":"boom","status":"error","retryAfterMs":${retryAfterMs}}`;
      expect(await written(fails(asking(retryAfterMs)))).toBe(
        `${first}event: error\nretry: ${retry}\ndata: ${data}\n\n`,
      );
    });

    it.each([
      -1,
      -0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      1e300,
      "5000",
      5000n,
      null,
      true,
      { valueOf: () => 5000 },
    ])("ignores a retryAfterMs that is no time: %s", async (retryAfterMs) => {
      const text = await written(fails(asking(retryAfterMs)));
      expect(text).toContain('event: error\ndata: {"error":"boom"');
      expect(text).not.toContain("retry:");
    });

    it("has the retryAfterMs beside data of formatError's own, and not in an event of its own", async () => {
      const error = asking(5000);
      expect(await written(fails(error), { formatError: () => "gone" })).toBe(
        `${first}event: error\nretry: 5000\ndata: "gone"\n\n`,
      );
      expect(await written(fails(error), { formatError: () => sse("gone") })).toBe(
        `${first}event: error\ndata: "gone"\n\n`,
      );
      expect(await written(fails(error), { formatError: () => null })).toBe(first);
    });

    it("is what counts for an error that throws when it is looked at", async () => {
      expect(await written(fails(hostileError()), { formatError: () => "gone" })).toBe(
        `${first}event: error\ndata: "gone"\n\n`,
      );
    });

    it("knows errorData of another copy of this package", () => {
      expect(errorData).toBe(Symbol.for("ssewire.errorData"));
    });
  });

  describe("errorEvent", () => {
    it("is the type of the error event, when formatError fails, too", async () => {
      const formatError = (): never => {
        throw new Error("no");
      };
      expect(await written(fails(new Error("boom")), { errorEvent: "failure" })).toContain(
        '\n\nevent: failure\ndata: {"error":"boom"',
      );
      expect(await written(fails(new Error("boom")), { errorEvent: "failure", formatError })).toContain(
        '\n\nevent: failure\ndata: {"error":"Unknown error"',
      );
    });
  });

  describe("endEvent", () => {
    const endEvent = sse({ url: "/" }, { event: "done", id: "9" });

    it("is sent after a normal end", async () => {
      expect(await written([1], { endEvent })).toBe(
        'event: message\ndata: 1\n\nid: 9\nevent: done\ndata: {"url":"/"}\n\n',
      );
      expect(await written([], { endEvent: sse(undefined, { retry: 9 }) })).toBe("retry: 9\n\n");
    });

    it("is not sent after a failure or an abort", async () => {
      expect(await written(fails(new Error("boom")), { endEvent })).not.toContain("done");
      expect(await written([1], { endEvent, signal: AbortSignal.abort() })).toBe("");
    });

    it("that cannot be encoded becomes an error event", async () => {
      const onClose = vi.fn();
      const text = await written([1], { endEvent: sse(() => 1), onClose });
      expect(text).toContain("event: message\ndata: 1\n\nevent: error\n");
      expect(text).toContain("has no JSON form");
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed" }));
    });
  });

  describe("stopReconnect", () => {
    const final = new Error("boom");
    const retryable = Object.assign(new Error("boom"), { [errorData]: { retryable: true } });

    it("sends the id ~end after a normal end, and after the last event", async () => {
      expect(await written([1], { stopReconnect: true })).toBe(`event: message\ndata: 1\n\n${END_FRAME}`);
      expect(await written([], { stopReconnect: true, endEvent: sse(1, { event: "done" }) })).toBe(
        `event: done\ndata: 1\n\n${END_FRAME}`,
      );
    });

    it("sends it after a final error, though the error event is none", async () => {
      const text = await written(fails(final), { stopReconnect: true });
      expect(text.endsWith(`{"error":"boom","status":"error"}\n\n${END_FRAME}`)).toBe(true);
      const silent = await written(fails(final), { stopReconnect: true, formatError: () => null });
      expect(silent).toBe(`event: message\ndata: 1\n\n${END_FRAME}`);
    });

    it.each<[string, unknown]>([
      ["is 1", Object.assign(new Error("boom"), { [errorData]: { retryable: 1 } })],
      ["is false", Object.assign(new Error("boom"), { [errorData]: { retryable: false } })],
      ["is not of errorData", Object.assign(new Error("boom"), { retryable: true })],
    ])("takes an error for final whose `retryable` %s", async (_, error) => {
      expect(await written(fails(error), { stopReconnect: true })).toContain(END_FRAME);
    });

    it("takes an error for final that throws when it is looked at", async () => {
      const onClose = vi.fn();
      const chunks = await record(createEventStream(fails(hostileError()), { stopReconnect: true, onClose }));
      const text = chunks.map(([, text]) => text).join("");
      expect(text).toContain(`{"error":"Unknown error","status":"error"}\n\n${END_FRAME}${END}`);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed" }));
    });

    it("sends nothing after an error that is retryable, an abort, an expiry or a drain, nor when it is off", async () => {
      const text = await written(fails(retryable), { stopReconnect: true });
      expect(text).toMatch(/"retryable":true\}\n\n$/);
      expect(await written([1], { stopReconnect: false })).not.toContain("~end");

      const controller = new AbortController();
      const options = { stopReconnect: true, maxAgeMs: 50, openingMs: false, heartbeatMs: false } as const;
      const expired = await record(createEventStream(new ControlledSource(), options));
      const aborted = await record(
        createEventStream(new ControlledSource(), { ...options, maxAgeMs: undefined, signal: controller.signal }),
      );
      controller.abort();
      await pass(50);
      expect(expired).toEqual([[expect.any(Number), END]]);
      expect(aborted).toEqual([[0, END]]);
    });
  });

  describe("maxAgeMs", () => {
    it.each([
      [0, 8_000],
      [0.5, 9_000],
      [0.999_999, 9_999],
    ])("ends the stream at a random 80 to 100 %% of it: random %d, %d ms", async (random, ms) => {
      vi.spyOn(Math, "random").mockReturnValue(random);
      const onClose = vi.fn();
      const source = new ControlledSource();
      const options = { maxAgeMs: 10_000, openingMs: false, onClose } as const;
      const chunks = await record(createEventStream(source, options));
      await pass(ms - 1);
      expect(chunks).toEqual([]);
      await pass(1);
      expect(chunks).toEqual([[ms, END]]);
      expect(onClose).toHaveBeenCalledExactlyOnceWith({ reason: "expired", durationMs: ms, events: 0, bytes: 0 });
      expect(source.returns).toBe(1);
    });
  });

  describe("stallTimeoutMs", () => {
    it("lets a reader go that takes nothing for that long, with a TimeoutError", async () => {
      const onClose = vi.fn();
      const source = new ControlledSource();
      const stream = createEventStream(source, { stallTimeoutMs: 100, openingMs: false, onClose });
      const reader = stream.getReader();
      const read = readOne(reader);
      await endOfTurn();
      source.yield(1);
      await read;
      await pass(99);
      expect(onClose).not.toHaveBeenCalled();
      await pass(1);
      const error = expect.objectContaining({ name: "TimeoutError" });
      expect(onClose).toHaveBeenCalledExactlyOnceWith({
        reason: "stalled",
        durationMs: 100,
        events: 1,
        bytes: 24,
        error,
      });
      await expect(reader.read()).rejects.toMatchObject({ name: "TimeoutError" });
    });

    it("starts anew with each read", async () => {
      const source = new ControlledSource();
      const reader = createEventStream(source, { stallTimeoutMs: 100, openingMs: false }).getReader();
      for (let index = 0; index < 5; index++) {
        const read = readOne(reader);
        await endOfTurn();
        source.yield(index);
        expect(await read).toContain(`data: ${index}`);
        await pass(80);
      }
      await reader.cancel();
      expect(source.returns).toBe(1);
    });

    it("is off with false", async () => {
      const source = new ControlledSource();
      const onClose = vi.fn();
      const reader = createEventStream(source, { stallTimeoutMs: false, onClose }).getReader();
      const read = readOne(reader);
      await endOfTurn();
      source.yield(1);
      await read;
      await pass(10_000_000);
      expect(onClose).not.toHaveBeenCalled();
      await reader.cancel();
    });
  });

  describe("highWaterMark", () => {
    it("is how many bytes of frames share a chunk", async () => {
      const frame = "event: message\ndata: 1\n\n";
      const sizes = async (highWaterMark: number): Promise<number[]> =>
        (await readChunks(createEventStream([1, 1, 1, 1], { highWaterMark }))).map(
          (chunk) => chunk.length / frame.length,
        );
      expect(await sizes(1)).toEqual([1, 1, 1, 1]);
      expect(await sizes(2 * frame.length)).toEqual([2, 2]);
      expect(await sizes(3 * frame.length + 1)).toEqual([3, 1]);
      expect(await sizes(16_384)).toEqual([4]);
    });
  });

  describe("onOpen", () => {
    it("is called on the first pull, before the source is opened", async () => {
      const order: string[] = [];
      const stream = createEventStream(
        () => {
          order.push("source");
          return [];
        },
        { lastEventId: "7", onOpen: (opening) => order.push(JSON.stringify(opening)) },
      );
      await endOfTurn();
      expect(order).toEqual([]);
      await readText(stream);
      expect(order).toEqual(['{"lastEventId":"7"}', "source"]);
    });
  });

  describe("onEvent", () => {
    it("is told the type, the id and the data of each event, the last and the error event included", async () => {
      const sent: SentEvent[] = [];
      const onEvent = (event: SentEvent): number => sent.push(event);
      const value = { percent: 1 };
      const source = [value, sse(2, { event: "other", id: "i" }), sse(undefined, { comment: "c" })];
      await written<unknown>(source, { id: (_, index) => `${index}`, onEvent, endEvent: sse(3, { event: "done" }) });
      await written(fails(new Error("boom")), { onEvent });
      expect(sent).toEqual([
        { type: "message", id: "0", data: value },
        { type: "other", id: "i", data: 2 },
        { type: undefined, id: undefined, data: undefined },
        { type: "done", id: undefined, data: 3 },
        { type: "message", id: undefined, data: 1 },
        { type: "error", id: undefined, data: { error: "boom", status: "error" } },
      ]);
      expect(sent[0]?.data).toBe(value);
    });

    it("is not told of an event that could not be encoded", async () => {
      const onEvent = vi.fn();
      await written([() => 1], { onEvent, formatError: () => null });
      expect(onEvent).not.toHaveBeenCalled();
    });
  });

  describe("onError", () => {
    it("is told what the source threw, as it is", async () => {
      const onError = vi.fn();
      const error = { message: "not an Error" };
      await written(fails(error), { onError });
      expect(onError.mock.calls).toEqual([[error]]);
      expect(onError.mock.calls[0]?.[0]).toBe(error);
    });

    it("is told what the other hooks throw or reject with, and the stream goes on", async () => {
      const onError = vi.fn();
      const hook = (name: string) => (): never => {
        throw new Error(name);
      };
      const options = {
        onOpen: hook("onOpen"),
        onEvent: async () => hook("onEvent")(),
        onClose: hook("onClose"),
        onError,
      };
      expect(await written([1], options)).toBe("event: message\ndata: 1\n\n");
      await endOfTurn();
      expect(onError.mock.calls).toEqual([[new Error("onOpen")], [new Error("onEvent")], [new Error("onClose")]]);
    });
  });

  describe("onClose", () => {
    it("is told the reason, the duration, the events and the bytes", async () => {
      const reports: CloseReport[] = [];
      const source = new ControlledSource();
      const options = { openingMs: 50, retryMs: 5, onClose: (report: CloseReport) => reports.push(report) };
      const chunks = await record(createEventStream(source, options));
      await pass(400);
      source.yield("語");
      await endOfTurn();
      source.end();
      await endOfTurn();
      const bytes = Buffer.byteLength(chunks.map(([, text]) => (text === END ? "" : text)).join(""));
      expect(reports).toEqual([{ reason: "completed", durationMs: 400, events: 1, bytes }]);
      expect(reports[0]).not.toHaveProperty("error");
      expect(chunks.map(([, text]) => text)).toEqual(["retry: 5\n", 'event: message\ndata: "語"\n\n', END]);
    });

    it("is told what the source threw; the error event is not one of its events", async () => {
      const onClose = vi.fn();
      const error = new Error("boom");
      const text = await written(fails(error), { onClose });
      const report = { reason: "failed", durationMs: 0, events: 1, bytes: text.length, error };
      expect(onClose).toHaveBeenCalledExactlyOnceWith(report);
      expect(onClose.mock.calls[0]?.[0].error).toBe(error);
    });

    it("is called last of all, when the source is released and its signal aborted", async () => {
      const order: string[] = [];
      const source = ({ signal }: { signal: AbortSignal }): AsyncIterable<number> => {
        signal.addEventListener("abort", () => order.push("abort"));
        const next = async (): Promise<IteratorResult<number>> => ({ done: false, value: 1 });
        const return_ = async (): Promise<IteratorResult<number>> => {
          order.push("return");
          return { done: true, value: undefined };
        };
        return { [Symbol.asyncIterator]: () => ({ next, return: return_ }) };
      };
      const reader = createEventStream(source, { highWaterMark: 1, onClose: () => order.push("onClose") }).getReader();
      await reader.read();
      await endOfTurn();
      await reader.cancel();
      expect(order).toEqual(["abort", "return", "onClose"]);
    });
  });

  describe("logger", () => {
    const spyLogger = () => ({ debug: vi.fn(), warn: vi.fn() });

    it("is told of the start and of a normal end at debug", async () => {
      const logger = spyLogger();
      await written([1], { logger, eventType: "tick", lastEventId: "7" });
      expect(logger.debug.mock.calls).toEqual([
        [{ eventType: "tick", lastEventId: "7" }, "event stream opened"],
        [{ reason: "completed", durationMs: 0, events: 1, bytes: 21 }, "event stream closed"],
      ]);
      expect(logger.warn).not.toHaveBeenCalled();
    });

    it("is told of a failure of the source, and of hooks, at warn", async () => {
      const logger = spyLogger();
      const onEvent = (): never => {
        throw new Error("hook");
      };
      await written(fails(new Error("boom")), { logger, onEvent });
      expect(logger.warn.mock.calls).toEqual([
        [{ err: new Error("hook") }, "event stream hook failed"],
        [{ err: new Error("boom") }, "event stream failed"],
        [{ err: new Error("hook") }, "event stream hook failed"],
      ]);
      expect(logger.debug).toHaveBeenCalledTimes(2);
    });

    it("keeps its `this`", async () => {
      class Lines {
        readonly lines: string[] = [];
        debug(_: object, message: string): void {
          this.lines.push(message);
        }
        warn(_: object, message: string): void {
          this.lines.push(message);
        }
      }
      const logger = new Lines();
      await written([1], { logger });
      expect(logger.lines).toEqual(["event stream opened", "event stream closed"]);
    });
  });
});

describe("sse", () => {
  it.each<[string, unknown, string]>([
    ["nothing at all", sse(undefined), "\n"],
    ["an id", sse(undefined, { id: "7" }), "id: 7\n\n"],
    ["a type", sse(undefined, { event: "done" }), "event: done\n\n"],
    ["a reconnection time", sse(undefined, { retry: 0 }), "retry: 0\n\n"],
    ["a comment", sse(undefined, { comment: "a\nb" }), ": a\n: b\n\n"],
  ])("without data writes only what it was given: %s", async (_, event, frame) => {
    expect(await written([event])).toBe(frame);
  });

  it("writes all fields", async () => {
    const event = sse({ a: 1 }, { id: "7", event: "done", retry: 5, comment: "c" });
    expect(await written([event])).toBe(
      encodeEvent({ id: "7", event: "done", retry: 5, comment: "c", data: '{"a":1}' }),
    );
  });

  it("takes no id of the id option", async () => {
    expect(await written<unknown>([sse(1)], { id: () => "made up" })).toBe("event: message\ndata: 1\n\n");
  });

  it.each<[string, unknown, string]>([
    ["a type that is empty", sse(1, { event: "" }), "`event` is empty"],
    ["a reconnection time below 0", sse(1, { retry: -1 }), "`retry` is -1"],
  ])("fails the stream with %s", async (_, event, message) => {
    expect(await written([event])).toContain(message);
  });
});

/** An error of which every property throws. */
function hostileError(): unknown {
  const hostile = (): never => {
    throw new Error("hands off");
  };
  return Object.defineProperties(new Error("boom"), { [errorData]: { get: hostile }, message: { get: hostile } });
}
