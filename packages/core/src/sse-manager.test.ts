import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlledSource, deferred } from "../test/controlled-source.ts";
import { END, pass, record, useFakeClock } from "../test/fake-clock.ts";
import { bodyOf, endOfTurn, readEvents, readOne, readText } from "../test/read-stream.ts";
import { type AnyEvents, errorData, type ResponseOptions, type SourceContext, SSEManager, sse } from "./index.ts";

const URL_OF_STREAM = "http://localhost/progress";
const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" };

const headersOf = (response: Response): object => Object.fromEntries(response.headers);

/** A request whose client comes back with an id, as Node, Bun, Deno and edge runtimes show it: UTF-8 read as Latin-1. */
function requestWithId(id: string): Request {
  const header = Buffer.from(id, "utf8").toString("latin1");
  return new Request(URL_OF_STREAM, { headers: { "Last-Event-ID": header } });
}

/** The last event id that a source is told. */
async function lastEventIdOf(options: ResponseOptions): Promise<string | undefined> {
  let told: SourceContext | undefined;
  const source = (context: SourceContext): [] => {
    told = context;
    return [];
  };
  await readText(bodyOf(SSEManager.createResponse(source, options)));
  if (told === undefined) throw new Error("The source was not opened");
  return told.lastEventId;
}

/** A source whose first `next()` fails. */
function fails(error: unknown): AsyncIterable<number> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

describe("SSEManager.createResponse", () => {
  it("answers 200 with exactly three headers", () => {
    const response = SSEManager.createResponse([], "progress");
    expect(response.status).toBe(200);
    expect(headersOf(response)).toEqual(HEADERS);
    expect(headersOf(SSEManager.createResponse([]))).toEqual(HEADERS);
  });

  it("takes an event type in place of options", async () => {
    const response = SSEManager.createResponse([{ percent: 50 }], "progress");
    expect(await response.text()).toBe('event: progress\ndata: {"percent":50}\n\n');
    expect(() => SSEManager.createResponse([], "")).toThrow(/`eventType`/);
  });

  it("does not open the source before the body is read", async () => {
    const source = vi.fn(() => [1]);
    const response = SSEManager.createResponse(source);
    await endOfTurn();
    expect(source).not.toHaveBeenCalled();
    expect(await response.text()).toBe("event: message\ndata: 1\n\n");
    expect(source).toHaveBeenCalledOnce();
  });

  describe("headers", () => {
    it.each<[string, HeadersInit]>([
      ["an object", { "cache-control": "no-cache, no-transform", "X-Extra": "1" }],
      [
        "pairs",
        [
          ["Cache-Control", "no-cache, no-transform"],
          ["x-extra", "1"],
        ],
      ],
      ["Headers", new Headers({ "CACHE-CONTROL": "no-cache, no-transform", "x-extra": "1" })],
    ])("override and add, given as %s", (_, headers) => {
      expect(headersOf(SSEManager.createResponse([], { headers }))).toEqual({
        ...HEADERS,
        "cache-control": "no-cache, no-transform",
        "x-extra": "1",
      });
    });

    it("may set several cookies", () => {
      const headers: [string, string][] = [
        ["Set-Cookie", "a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT"],
        ["Set-Cookie", "b=2"],
      ];
      const cookies = ["a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "b=2"];
      expect(SSEManager.createResponse([], { headers }).headers.getSetCookie()).toEqual(cookies);
      expect(new SSEManager({ headers }).createResponse([]).headers.getSetCookie()).toEqual(cookies);
    });

    it.each(["Connection", "transfer-encoding", "CONTENT-ENCODING"])("must not have %s", async (name) => {
      const options = { headers: { [name]: "x" } };
      const message = new RegExp(`\`headers\` must not have ${name}`, "i");
      expect(() => SSEManager.createResponse([], options)).toThrow(TypeError);
      expect(() => SSEManager.createResponse([], options)).toThrow(message);
      expect(() => new SSEManager(options)).toThrow(message);
      await expect(SSEManager.openResponse([], options)).rejects.toThrow(message);
    });

    it.each([
      ["a name that is none", { "a b": "x" }],
      ["a value with a line break", { "X-Extra": "a\nSet-Cookie: b=1\nc" }],
    ])("refuses %s, naming the option", (_, headers) => {
      const create = (): unknown => SSEManager.createResponse([], { headers });
      expect(create).toThrow(TypeError);
      expect(create).toThrow(/`headers`/);
    });

    it("of a call come before those of the manager, header by header", () => {
      const manager = new SSEManager({ headers: { "X-A": "1", "X-B": "1", "Cache-Control": "no-store" } });
      expect(headersOf(manager.createResponse([], { headers: { "x-b": "2" } }))).toEqual({
        ...HEADERS,
        "cache-control": "no-store",
        "x-a": "1",
        "x-b": "2",
      });
      expect(manager.createResponse([]).headers.get("x-b")).toBe("1");
    });

    it("replace the cookies of the manager, not add to them", () => {
      const manager = new SSEManager({ headers: { "Set-Cookie": "a=1" } });
      const response = manager.createResponse([], { headers: { "Set-Cookie": "b=2" } });
      expect(response.headers.getSetCookie()).toEqual(["b=2"]);
    });
  });

  describe("status", () => {
    it.each([200, 201, 599])("may be %d", (status) => {
      expect(SSEManager.createResponse([], { status }).status).toBe(status);
    });

    const allowed = "`status` must be an integer from 200 to 599, but not 204, 205 or 304";
    it.each<[unknown, typeof TypeError | typeof RangeError]>([
      [199, RangeError],
      [600, RangeError],
      [204, RangeError],
      [205, RangeError],
      [304, RangeError],
      [200.5, RangeError],
      ["200", TypeError],
      [null, TypeError],
    ])("is refused as %o", (status, type) => {
      const create = (): unknown => Reflect.apply(SSEManager.createResponse, SSEManager, [[], { status }]);
      expect(create).toThrow(type);
      expect(create).toThrow(allowed);
    });
  });

  it.each<[string, unknown, typeof TypeError | typeof RangeError, string]>([
    ["headers", "X-A: 1", TypeError, 'must be a Headers, an object, or an array of pairs; got "X-A: 1"'],
    ["headers", null, TypeError, "must be a Headers, an object, or an array of pairs; got null"],
    ["request", {}, TypeError, "must be a Request; got an instance of Object"],
    ["request", URL_OF_STREAM, TypeError, `must be a Request; got "${URL_OF_STREAM}"`],
    ["request", null, TypeError, "must be a Request; got null"],
    ["openTimeoutMs", 0, RangeError, "must be an integer from 1 to 2147483647 (ms); got 0"],
    ["openTimeoutMs", false, TypeError, "must be an integer from 1 to 2147483647 (ms); got false"],
    ["onOpenError", {}, TypeError, "must be a function; got an instance of Object"],
  ])("refuses %s: %o", async (option, value, type, message) => {
    const args = [[], { [option]: value }];
    for (const create of [
      () => Reflect.apply(SSEManager.createResponse, SSEManager, args),
      () => Reflect.construct(SSEManager, args.slice(1)),
    ]) {
      expect(create).toThrow(type);
      expect(create).toThrow(`Option \`${option}\` ${message}`);
    }
    await expect(Reflect.apply(SSEManager.openResponse, SSEManager, args)).rejects.toThrow(message);
  });

  describe("request", () => {
    it("with HEAD gets status and headers, no body, and the source is not started", async () => {
      const source = vi.fn(() => [1]);
      const request = new Request(URL_OF_STREAM, { method: "HEAD" });
      const options: ResponseOptions = { request, status: 201, headers: { "X-Extra": "1" } };
      for (const response of [
        SSEManager.createResponse(source, options),
        await SSEManager.openResponse(source, options),
      ]) {
        expect(response.status).toBe(201);
        expect(response.body).toBeNull();
        expect(headersOf(response)).toEqual({ ...HEADERS, "x-extra": "1" });
      }
      expect(source).not.toHaveBeenCalled();
    });

    it("with HEAD releases a source that is live, be it in a promise or a stream, or one that rejects", async () => {
      const request = new Request(URL_OF_STREAM, { method: "HEAD" });
      const source = new ControlledSource();
      const promised = new ControlledSource();
      const cancel = vi.fn();
      SSEManager.createResponse(source, { request });
      SSEManager.createResponse(Promise.resolve(promised), { request });
      SSEManager.createResponse(new ReadableStream({ cancel }), { request });
      SSEManager.createResponse(Promise.reject(new Error("nobody looks")), { request });
      await endOfTurn();
      expect(source).toMatchObject({ pulls: 0, returns: 1 });
      expect(promised).toMatchObject({ pulls: 0, returns: 1 });
      expect(cancel).toHaveBeenCalledOnce();
    });

    it.each([
      ["HEAD", undefined],
      ["GET", "~end"],
    ])("that needs no source has it checked all the same: %s", (method, id) => {
      const headers: HeadersInit = id === undefined ? {} : { "Last-Event-ID": id };
      const request = new Request(URL_OF_STREAM, { method, headers });
      const create = (): unknown =>
        Reflect.apply(SSEManager.createResponse, SSEManager, [5, { request, stopReconnect: true }]);
      expect(create).toThrow(/`source`/);
    });

    it.each<[string, Request]>([
      ["in the header", requestWithId("~end")],
      ["in the query", new Request(`${URL_OF_STREAM}?lastEventId=~end`)],
      ["in the query, encoded", new Request(`${URL_OF_STREAM}?lastEventId=%7Eend`)],
    ])("that comes back with ~end %s gets 204, and the source is released", async (_, request) => {
      const factory = vi.fn(() => [1]);
      const source = new ControlledSource();
      const options: ResponseOptions = { request, stopReconnect: true, headers: { "X-Extra": "1" } };
      for (const response of [
        SSEManager.createResponse(factory, options),
        SSEManager.createResponse(source, options),
        await SSEManager.openResponse(factory, options),
      ]) {
        expect(response.status).toBe(204);
        expect(response.body).toBeNull();
        expect(response.headers.get("content-type")).toBeNull();
        expect(response.headers.get("cache-control")).toBe("no-cache");
      }
      expect(factory).not.toHaveBeenCalled();
      expect(source).toMatchObject({ pulls: 0, returns: 1 });
    });

    it("that comes back with ~end gets a stream without stopReconnect, as any id may be the service's own", async () => {
      const request = requestWithId("~end");
      expect(SSEManager.createResponse([], { request }).status).toBe(200);
      expect(await lastEventIdOf({ request })).toBe("~end");
    });

    it.each(["~end2", "~END", "end", ""])("that comes back with another id gets a stream: %o", (id) => {
      const request = requestWithId(id);
      expect(SSEManager.createResponse([], { request, stopReconnect: true }).status).toBe(200);
    });

    it("tells the source its Last-Event-ID, UTF-8 decoded", async () => {
      for (const id of ["7", "é", "語", "🙂", "a b~!", "\uFEFFa"]) {
        expect(await lastEventIdOf({ request: requestWithId(id) })).toBe(id);
      }
    });

    it("tells the source a Last-Event-ID that the runtime has decoded already as it is", async () => {
      for (const id of ["語", "é", "é語", "🙂"]) {
        const request = new Request(URL_OF_STREAM);
        // No Headers of this runtime hold such a value.
        vi.spyOn(request.headers, "get").mockReturnValue(id);
        expect(await lastEventIdOf({ request })).toBe(id);
      }
    });

    it("tells the source its query parameter lastEventId when there is no header", async () => {
      const url = `${URL_OF_STREAM}?lastEventId=${encodeURIComponent("é 語")}`;
      expect(await lastEventIdOf({ request: new Request(url) })).toBe("é 語");
      const both = new Request(url, { headers: { "Last-Event-ID": "header" } });
      expect(await lastEventIdOf({ request: both })).toBe("header");
      expect(await lastEventIdOf({ request: new Request(`${URL_OF_STREAM}?other=1`) })).toBeUndefined();
      expect(await lastEventIdOf({ request: new Request(`${URL_OF_STREAM}?lastEventId=`) })).toBe("");
    });

    it("tells the source nothing of an id of more than 1 KiB", async () => {
      const longest = "x".repeat(1_024);
      expect(await lastEventIdOf({ request: requestWithId(longest) })).toBe(longest);
      expect(await lastEventIdOf({ request: requestWithId(`${longest}x`) })).toBeUndefined();
      expect(await lastEventIdOf({ request: requestWithId("é".repeat(513)) })).toBeUndefined();
      const query = new Request(`${URL_OF_STREAM}?lastEventId=${longest}x`);
      expect(await lastEventIdOf({ request: query })).toBeUndefined();
    });

    it("tells onOpen the id, too, and the option lastEventId comes before it", async () => {
      const onOpen = vi.fn();
      expect(await lastEventIdOf({ request: requestWithId("7"), onOpen })).toBe("7");
      expect(await lastEventIdOf({ request: requestWithId("7"), lastEventId: "8", onOpen })).toBe("8");
      expect(onOpen.mock.calls).toEqual([[{ lastEventId: "7" }], [{ lastEventId: "8" }]]);
    });

    it("whose signal is aborted ends the stream as cancelled", async () => {
      const client = new AbortController();
      const request = new Request(URL_OF_STREAM, { signal: client.signal });
      const source = new ControlledSource();
      const onClose = vi.fn();
      let signal: AbortSignal | undefined;
      const open = (context: SourceContext): ControlledSource<unknown> => {
        signal = context.signal;
        return source;
      };
      const reader = bodyOf(SSEManager.createResponse(open, { request, onClose })).getReader();
      void reader.read();
      await endOfTurn();
      client.abort(new Error("client is gone"));
      expect(request.signal.aborted).toBe(true);
      expect(source).toMatchObject({ pulls: 1, returns: 1 });
      expect(signal).toMatchObject({ aborted: true, reason: new Error("client is gone") });
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "cancelled" }));
      await reader.cancel();
      expect(onClose).toHaveBeenCalledOnce();
    });

    it.each(["before", "after"])("whose signal is aborted %s the first read leaves no read pending", async (when) => {
      const client = new AbortController();
      const request = new Request(URL_OF_STREAM, { signal: client.signal });
      const source = new ControlledSource();
      const settled = vi.fn();
      const body = bodyOf(SSEManager.createResponse(source, { request }));
      if (when === "before") client.abort();
      void readOne(body.getReader()).then(settled, settled);
      await endOfTurn();
      client.abort();
      await endOfTurn();
      expect(request.signal.aborted).toBe(true);
      expect(source.returns).toBe(1);
      expect(settled).toHaveBeenCalledOnce();
    });

    it("whose signal was aborted before, as was the option, ends the stream once", async () => {
      const signal = AbortSignal.abort();
      const request = new Request(URL_OF_STREAM, { signal });
      const source = vi.fn(() => [1]);
      const onClose = vi.fn();
      expect(await readText(bodyOf(SSEManager.createResponse(source, { request, signal, onClose })))).toBe("");
      expect(source).not.toHaveBeenCalled();
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "aborted" }));
    });

    it("whose signal is aborted after a normal end, as Deno does, changes nothing", async () => {
      const client = new AbortController();
      const request = new Request(URL_OF_STREAM, { signal: client.signal });
      const onClose = vi.fn();
      const response = SSEManager.createResponse([1], { request, onClose });
      expect(await response.text()).toBe("event: message\ndata: 1\n\n");
      client.abort();
      await endOfTurn();
      expect(request.signal.aborted).toBe(true);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "completed" }));
    });
  });
});

describe("SSEManager", () => {
  it("merges the options of a call over its own; undefined stands for its own", async () => {
    const manager = new SSEManager<AnyEvents>({ eventType: "tick", retryMs: 5, serialize: String });
    expect(await manager.createResponse(["a"]).text()).toBe("retry: 5\nevent: tick\ndata: a\n\n");
    expect(await manager.createResponse(["a"], "tock").text()).toBe("retry: 5\nevent: tock\ndata: a\n\n");
    const options = { eventType: undefined, retryMs: 7, serialize: undefined };
    expect(await manager.createResponse(["a"], options).text()).toBe("retry: 7\nevent: tick\ndata: a\n\n");
    expect(await manager.createResponse(["a"]).text()).toBe("retry: 5\nevent: tick\ndata: a\n\n");
  });

  it("keeps its options when the object they came in changes", async () => {
    const defaults = { eventType: "tick" };
    const manager = new SSEManager(defaults);
    defaults.eventType = "tock";
    expect(await manager.createResponse([1]).text()).toBe("event: tick\ndata: 1\n\n");
  });

  it("calls the hooks of the call, else its own", async () => {
    const own = vi.fn();
    const given = vi.fn();
    const manager = new SSEManager({ onClose: own, onEvent: own });
    await manager.createResponse([1], { onClose: given }).text();
    expect(own.mock.calls).toEqual([[{ type: "message", id: undefined, data: 1 }]]);
    expect(given).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "completed" }));
  });

  describe("size", () => {
    it("counts the streams that are being read", async () => {
      const manager = new SSEManager();
      expect(manager.size).toBe(0);
      const sources = [new ControlledSource(), new ControlledSource()];
      const readers = sources.map((source) => bodyOf(manager.createResponse(source)).getReader());
      expect(manager.size).toBe(0);
      const reads = readers.map((reader) => reader.read());
      await endOfTurn();
      expect(manager.size).toBe(2);
      await readers[0]?.cancel();
      expect(manager.size).toBe(1);
      sources[1]?.end();
      await reads[1];
      expect(manager.size).toBe(0);
    });

    it("does not count what never opens: HEAD, 204, aborted before", async () => {
      const manager = new SSEManager({ stopReconnect: true });
      manager.createResponse([], { request: new Request(URL_OF_STREAM, { method: "HEAD" }) });
      manager.createResponse([], { request: requestWithId("~end") });
      await readText(bodyOf(manager.createResponse([1], { signal: AbortSignal.abort() })));
      expect(manager.size).toBe(0);
    });
  });

  describe("drain", () => {
    beforeEach(useFakeClock);
    afterEach(() => {
      vi.restoreAllMocks();
      vi.useRealTimers();
    });

    it("tells each client when to come back, then ends its stream, never within an event", async () => {
      const onClose = vi.fn();
      const manager = new SSEManager({ openingMs: false, onClose, stopReconnect: true, endEvent: sse(1) });
      const source = new ControlledSource();
      const chunks = await record(bodyOf(manager.createResponse(source)));
      source.yield("last");
      await Promise.resolve();
      await Promise.resolve();
      await manager.drain({ retryMs: [7, 7] });
      await endOfTurn();
      expect(chunks).toEqual([
        [0, 'event: message\ndata: "last"\n\nretry: 7\n'],
        [0, END],
      ]);
      expect(source.returns).toBe(1);
      expect(manager.size).toBe(0);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "drained", events: 1 }));
      expect(vi.getTimerCount()).toBe(0);
    });

    it.each([
      [0, 1_000],
      [0.25, 2_000],
      [0.999_999, 5_000],
    ])("spreads clients over 1 to 5 s by default: random %d, %d ms", async (random, ms) => {
      vi.spyOn(Math, "random").mockReturnValue(random);
      const manager = new SSEManager({ openingMs: false });
      const chunks = await record(bodyOf(manager.createResponse(new ControlledSource())));
      await manager.drain();
      await endOfTurn();
      expect(chunks).toEqual([
        [0, `retry: ${ms}\n`],
        [0, END],
      ]);
    });

    it("draws a time for each of them, within the range that was asked for", async () => {
      const manager = new SSEManager({ openingMs: false });
      const records = await Promise.all(
        Array.from({ length: 100 }, () => record(bodyOf(manager.createResponse(new ControlledSource())))),
      );
      await manager.drain({ retryMs: [100, 9_000] });
      await endOfTurn();
      const times = records.map(([first]) => Number(/^retry: (\d+)\n$/.exec(first?.[1] ?? "")?.[1]));
      for (const ms of times) expect(ms >= 100 && ms <= 9_000, String(ms)).toBe(true);
      expect(new Set(times).size).toBeGreaterThan(50);
    });

    it("resolves at once when nothing is open, and leaves no timer", async () => {
      await new SSEManager().drain();
      expect(vi.getTimerCount()).toBe(0);
    });

    it("waits timeoutMs for a reader that does not read, then ends its stream; what was ready is not lost", async () => {
      const manager = new SSEManager({ openingMs: false });
      const source = new ControlledSource();
      const onClose = vi.fn();
      const reader = bodyOf(manager.createResponse(source, { onClose })).getReader();
      const first = readOne(reader);
      await endOfTurn();
      source.yield(1);
      expect(await first).toContain("data: 1");
      source.yield(2);
      await endOfTurn();

      const drained = vi.fn();
      void manager.drain({ timeoutMs: 300, retryMs: [7, 7] }).then(drained);
      await pass(299);
      expect(drained).not.toHaveBeenCalled();
      expect(manager.size).toBe(1);
      await pass(1);
      expect(drained).toHaveBeenCalledOnce();
      expect(manager.size).toBe(0);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "drained" }));
      expect(source.returns).toBe(1);
      expect(await readOne(reader)).toBe("event: message\ndata: 2\n\nretry: 7\n");
      expect(await readOne(reader)).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    });

    it("gives a slow reader the time to take what is ready", async () => {
      const manager = new SSEManager({ openingMs: false });
      const source = new ControlledSource();
      const reader = bodyOf(manager.createResponse(source)).getReader();
      const first = readOne(reader);
      await endOfTurn();
      source.yield(1);
      await first;
      const drained = manager.drain({ retryMs: [7, 7] });
      await pass(4_999);
      expect(await readOne(reader)).toBe("retry: 7\n");
      expect(await readOne(reader)).toBeUndefined();
      await drained;
      expect(vi.getTimerCount()).toBe(0);
    });

    it("ends a stream that is over already as what it was", async () => {
      const manager = new SSEManager({ openingMs: false });
      const source = new ControlledSource();
      const onClose = vi.fn();
      const reader = bodyOf(manager.createResponse(source, { onClose })).getReader();
      const first = readOne(reader);
      await endOfTurn();
      source.yield(1);
      await first;
      source.yield(2);
      await endOfTurn();
      const last = readOne(reader);
      await endOfTurn();
      expect(await last).toContain("data: 2");
      source.fail(new Error("boom"));
      await endOfTurn();
      expect(manager.size).toBe(1);
      const drained = manager.drain({ timeoutMs: 300 });
      await pass(300);
      await drained;
      expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed" }));
      expect(await readOne(reader)).toContain("boom");
      expect(await readOne(reader)).toBeUndefined();
    });

    it("hears nothing more of a source that fails meanwhile", async () => {
      const manager = new SSEManager({ openingMs: false });
      const source = new ControlledSource();
      const onError = vi.fn();
      const chunks = await record(bodyOf(manager.createResponse(source, { onError })));
      const drained = manager.drain({ retryMs: [7, 7] });
      source.fail(new Error("boom"));
      await drained;
      await endOfTurn();
      expect(chunks.map(([, text]) => text)).toEqual(["retry: 7\n", END]);
      expect(onError).not.toHaveBeenCalled();
    });

    it("ends streams that are opened after it in the same way, their sources not started", async () => {
      const manager = new SSEManager({ openingMs: false });
      const early = manager.createResponse(() => [1]);
      await manager.drain({ retryMs: [7, 7] });
      const source = vi.fn(() => [1]);
      const live = new ControlledSource();
      expect(await readText(bodyOf(early))).toBe("retry: 7\n");
      expect(await readText(bodyOf(manager.createResponse(source)))).toBe("retry: 7\n");
      expect(await readText(bodyOf(manager.createResponse(live)))).toBe("retry: 7\n");
      expect(source).not.toHaveBeenCalled();
      expect(live).toMatchObject({ pulls: 0, returns: 1 });
      expect(manager.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    });

    it("comes after the event that did not fit into the chunk, though it would fit itself", async () => {
      const manager = new SSEManager({ highWaterMark: 45, openingMs: false });
      const reader = bodyOf(manager.createResponse(["first", "second", "third"])).getReader();
      const reading = readOne(reader);
      // The chunk is full, and not on its way yet: it leaves at the end of this turn.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      void manager.drain({ retryMs: [7, 7] });
      expect(await reading).toBe('event: message\ndata: "first"\n\n');
      expect(await readOne(reader)).toBe('event: message\ndata: "second"\n\nretry: 7\n');
      expect(await readOne(reader)).toBeUndefined();
    });

    it("resolves a second call with the first, whose options hold", async () => {
      const manager = new SSEManager({ openingMs: false });
      const chunks = await record(bodyOf(manager.createResponse(new ControlledSource())));
      const first = manager.drain({ retryMs: [7, 7] });
      const second = manager.drain({ retryMs: [9, 9] });
      await Promise.all([first, second]);
      await endOfTurn();
      expect(chunks.map(([, text]) => text)).toEqual(["retry: 7\n", END]);
    });

    it("leaves the streams of other managers, and of none, alone", async () => {
      const source = new ControlledSource();
      const other = new SSEManager();
      const reader = bodyOf(other.createResponse(source)).getReader();
      void reader.read();
      await endOfTurn();
      await new SSEManager().drain();
      expect(other.size).toBe(1);
      expect(source.returns).toBe(0);
      await reader.cancel();
    });

    it.each<[string, unknown, string]>([
      ["timeoutMs", 0, "an integer from 1 to 2147483647 (ms); got 0"],
      ["timeoutMs", "5", 'an integer from 1 to 2147483647 (ms); got "5"'],
      ["retryMs", 5, "a pair [min, max] of integers >= 0 (ms) with min <= max; got 5"],
      ["retryMs", [1], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
      ["retryMs", [2, 1], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
      ["retryMs", [-1, 1], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
      ["retryMs", [0.5, 1], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
      ["retryMs", [1, Number.POSITIVE_INFINITY], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
      ["retryMs", ["1", "2"], "a pair [min, max] of integers >= 0 (ms) with min <= max"],
    ])("refuses %s: %o, and drains nothing", async (option, value, message) => {
      const manager = new SSEManager();
      const drain = async (): Promise<unknown> => Reflect.apply(manager.drain, manager, [{ [option]: value }]);
      await expect(drain()).rejects.toThrow(`Option \`${option}\` must be ${message}`);
      expect(await manager.createResponse([1]).text()).toBe("event: message\ndata: 1\n\n");
    });

    it("refuses options that are unknown", async () => {
      const manager = new SSEManager();
      const drain = async (): Promise<unknown> => Reflect.apply(manager.drain, manager, [{ timeout: 1 }]);
      await expect(drain()).rejects.toThrow("Unknown option `timeout`; allowed are timeoutMs, retryMs");
    });
  });

  describe("[Symbol.asyncDispose]", () => {
    it("drains", async () => {
      const manager = new SSEManager();
      const onClose = vi.fn();
      const reading = readText(bodyOf(manager.createResponse(new ControlledSource(), { onClose })));
      await endOfTurn();
      await manager[Symbol.asyncDispose]();
      expect(await reading).toMatch(/^retry: \d{4}\n$/);
      expect(onClose).toHaveBeenCalledWith(expect.objectContaining({ reason: "drained" }));
    });
  });
});

describe("SSEManager.openResponse", () => {
  beforeEach(useFakeClock);
  afterEach(() => void vi.useRealTimers());

  /** The response, once it is there. */
  const settle = (promise: Promise<Response>): { response: Response | undefined } => {
    const settled: { response: Response | undefined } = { response: undefined };
    void promise.then((response) => {
      settled.response = response;
    });
    return settled;
  };

  it("answers at the first event, without a loss", async () => {
    const source = new ControlledSource<number>();
    const opening = SSEManager.openResponse(source, { eventType: "tick", openingMs: false });
    const settled = settle(opening);
    await pass(50);
    expect(settled.response).toBeUndefined();
    source.yield(1);
    const response = await opening;
    expect(response.status).toBe(200);
    expect(headersOf(response)).toEqual(HEADERS);
    const events = readEvents(bodyOf(response));
    await endOfTurn();
    source.yield(2);
    await endOfTurn();
    source.end();
    expect(await events).toEqual([
      { id: undefined, event: "tick", data: "1" },
      { id: undefined, event: "tick", data: "2" },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("loses nothing of a source that has much ready, and reads no further ahead than one event and a chunk", async () => {
    let taken = 0;
    function* source(): Generator<number> {
      for (; taken < 10_000; taken++) yield taken;
    }
    const response = await SSEManager.openResponse(source);
    await endOfTurn();
    expect(taken).toBeLessThan((3 * 16_384) / 24);
    const events = await readEvents(bodyOf(response));
    expect(events.map(({ data }) => Number(data))).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });

  it("answers 200 to a source that is empty, its endEvent kept", async () => {
    expect(await (await SSEManager.openResponse([])).text()).toBe("");
    const response = await SSEManager.openResponse([], { endEvent: sse(1, { event: "done" }), status: 201 });
    expect(response.status).toBe(201);
    expect(await response.text()).toBe("event: done\ndata: 1\n\n");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("answers a failure with a problem that tells nothing", async () => {
    const onError = vi.fn();
    const onClose = vi.fn();
    const error = Object.assign(new Error("10.0.0.1 refused"), { [errorData]: { code: "SECRET" } });
    const response = await SSEManager.openResponse(fails(error), { onError, onClose });
    expect(response.status).toBe(500);
    expect(headersOf(response)).toEqual({ "content-type": "application/problem+json", "cache-control": "no-store" });
    expect(await response.json()).toEqual({ type: "about:blank", status: 500 });
    expect(onError).toHaveBeenCalledExactlyOnceWith(error);
    await endOfTurn();
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed", error }));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps nothing of a stream whose failure it answers, though something was written before", async () => {
    const manager = new SSEManager({ retryMs: 5 });
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const opening = manager.openResponse(source, { onClose });
    await pass(10);
    source.fail(new Error("boom"));
    expect((await opening).status).toBe(500);
    await endOfTurn();
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "failed" }));
    expect(manager.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, () => AsyncIterable<number> | Promise<never>]>([
    ["throws", () => hostile()],
    ["rejects", () => Promise.reject(new Error("boom"))],
    ["gives an iterable that throws", () => ({ [Symbol.asyncIterator]: hostile })],
  ])("answers 500 to a factory that %s", async (_, source) => {
    const response = await SSEManager.openResponse(source);
    expect(response.status).toBe(500);
    await endOfTurn();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shows a failure that has an httpStatus of its own", async () => {
    const error = Object.assign(new Error("No such document"), {
      httpStatus: 404,
      [errorData]: { code: "NOT_FOUND", retryable: false },
    });
    const response = await SSEManager.openResponse(fails(error));
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = {
      type: "about:blank",
      status: 404,
      detail: "No such document",
      code: "NOT_FOUND",
      retryable: false,
    };
    expect(await response.json()).toEqual(problem);
  });

  it.each<[unknown, string | null]>([
    [5000, "5"],
    [1, "1"],
    [0, "1"],
    [1001, "2"],
    [-1, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ["5000", null],
    [undefined, null],
  ])("sends the retryAfterMs of errorData in whole seconds, or nothing: %s", async (retryAfterMs, retryAfter) => {
    const error = Object.assign(new Error("Busy"), { httpStatus: 503, [errorData]: { retryAfterMs } });
    const response = await SSEManager.openResponse(fails(error));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
  });

  it("sends nothing of the errorData of an error without an httpStatus", async () => {
    const error = Object.assign(new Error("Busy"), { [errorData]: { retryAfterMs: 5000 } });
    const response = await SSEManager.openResponse(fails(error));
    expect(response.headers.get("retry-after")).toBeNull();
  });

  it("writes errorData that holds a BigInt as the error event does", async () => {
    const error = Object.assign(new Error("Too large"), { httpStatus: 413, [errorData]: { maxBytes: 5n } });
    const response = await SSEManager.openResponse(fails(error));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ detail: "Too large", maxBytes: "5" });
  });

  it.each<[string, unknown]>([
    ["an httpStatus that is no error", Object.assign(new Error("boom"), { httpStatus: 200 })],
    ["an httpStatus beyond all", Object.assign(new Error("boom"), { httpStatus: 600 })],
    ["an httpStatus that is no integer", Object.assign(new Error("boom"), { httpStatus: 404.5 })],
    ["an httpStatus that is no number", Object.assign(new Error("boom"), { httpStatus: "404" })],
    ["an object that is no Error", { message: "boom", httpStatus: 404 }],
    ["text", "boom"],
    ["undefined", undefined],
  ])("shows nothing of %s", async (_, error) => {
    const response = await SSEManager.openResponse(fails(error));
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ type: "about:blank", status: 500 });
  });

  it.each<[string, object]>([
    ["its httpStatus throws", Object.defineProperty(new Error("boom"), "httpStatus", { get: hostile })],
    ["its errorData throws", Object.defineProperty(notFound(), errorData, { get: hostile })],
    ["its errorData has no JSON form", Object.assign(notFound(), { [errorData]: { toJSON: hostile } })],
    ["its message throws", Object.defineProperty(notFound(), "message", { get: hostile })],
  ])("answers with a problem all the same when of the error %s", async (_, error) => {
    const response = await SSEManager.openResponse(fails(error));
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.text()).not.toContain("hands off");
  });

  it.each<[string, (error: unknown) => Response | Promise<Response>]>([
    ["at once", (error) => Response.json({ error: String(error) }, { status: 503 })],
    ["later", async (error) => Response.json({ error: String(error) }, { status: 503 })],
  ])("lets onOpenError answer a failure, %s", async (_, onOpenError) => {
    const response = await SSEManager.openResponse(fails(new Error("boom")), { onOpenError });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: "Error: boom" });
  });

  it.each<[string, () => never | Promise<never>]>([
    ["throws", () => hostile()],
    ["rejects", async () => hostile()],
  ])("answers with the problem when onOpenError %s, and tells onError", async (_, onOpenError) => {
    const onError = vi.fn();
    const response = await SSEManager.openResponse(fails(new Error("boom")), { onOpenError, onError });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ type: "about:blank", status: 500 });
    expect(onError.mock.calls).toEqual([[new Error("boom")], [new Error("hands off")]]);
  });

  it("answers with the problem when onOpenError forgets to return a response", async () => {
    const onError = vi.fn();
    const options = { onError, onOpenError: vi.fn() };
    const response = await SSEManager.openResponse(fails(new Error("boom")), options);
    expect(response.status).toBe(500);
    expect(onError).toHaveBeenLastCalledWith(new TypeError("`onOpenError` must return a Response"));
  });

  it("does not ask onOpenError about a failure after the first event", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      throw new Error("boom");
    }
    const onOpenError = vi.fn();
    const response = await SSEManager.openResponse(source, { onOpenError });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("boom");
    expect(onOpenError).not.toHaveBeenCalled();
  });

  it.each([
    [undefined, 1_000],
    [40, 40],
  ])("commits after openTimeoutMs (%o), and loses nothing", async (openTimeoutMs, ms) => {
    const source = new ControlledSource<number>();
    const opening = SSEManager.openResponse(source, { openTimeoutMs, retryMs: 5 });
    const settled = settle(opening);
    await pass(ms - 1);
    expect(settled.response).toBeUndefined();
    await pass(1);
    const response = await opening;
    expect(response.status).toBe(200);
    const text = readText(bodyOf(response));
    await endOfTurn();
    source.yield(1);
    await endOfTurn();
    source.fail(new Error("boom"));
    expect(await text).toMatch(/^retry: 5\n(?::\n)?event: message\ndata: 1\n\nevent: error\n.*boom.*\n\n$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, ResponseOptions, number]>([
    ["retryMs", { retryMs: 5 }, 10],
    ["padding", { padding: 100 }, 10],
    ["the opening comment", {}, 150],
    ["a heartbeat", { openingMs: false, heartbeatMs: 100 }, 150],
  ])("waits for the outcome of a source that opens after %s was written", async (_, options, ms) => {
    const opened = deferred<AsyncIterable<number>>();
    const settled = settle(SSEManager.openResponse(() => opened.promise, options));
    await pass(ms);
    opened.resolve(fails(new Error("boom")));
    await endOfTurn();
    expect(settled.response?.status).toBe(500);
  });

  it("ends the stream of a silent source that nobody reads, stallTimeoutMs after it committed", async () => {
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const opening = SSEManager.openResponse(source, { stallTimeoutMs: 30_000, onClose });
    await pass(1_000);
    expect((await opening).status).toBe(200);
    await pass(30_000);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "stalled" }));
    expect(source.returns).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends the stream of a source that nobody reads after stallTimeoutMs", async () => {
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const opening = SSEManager.openResponse(source, { stallTimeoutMs: 100, onClose });
    await endOfTurn();
    source.yield(1);
    await opening;
    await pass(100);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "stalled" }));
    expect(source.returns).toBe(1);
  });

  it.each(["signal", "request"] as const)("gives up the wait when its %s is aborted, and the source", async (which) => {
    const controller = new AbortController();
    const request = new Request(URL_OF_STREAM, { signal: controller.signal });
    const source = new ControlledSource<number>();
    const onClose = vi.fn();
    const options = which === "signal" ? { signal: controller.signal, onClose } : { request, onClose };
    const opening = SSEManager.openResponse(source, options);
    await endOfTurn();
    controller.abort();
    const response = await opening;
    expect(response.status).toBe(200);
    expect(source).toMatchObject({ pulls: 1, returns: 1 });
    const reason = which === "signal" ? "aborted" : "cancelled";
    expect(onClose).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason }));
    expect(vi.getTimerCount()).toBe(0);
    expect(request.signal.aborted).toBe(true);

    const settled = vi.fn();
    void readText(bodyOf(response)).then(settled, settled);
    await endOfTurn();
    expect(settled).toHaveBeenCalledOnce();
  });

  it("is one of the streams of a manager from the start, and is drained with them", async () => {
    const manager = new SSEManager({ openingMs: false });
    const source = new ControlledSource<number>();
    const opening = manager.openResponse(source);
    await endOfTurn();
    expect(manager.size).toBe(1);
    const drained = manager.drain({ retryMs: [7, 7] });
    const response = await opening;
    expect(await response.text()).toBe("retry: 7\n");
    await drained;
    expect(source.returns).toBe(1);
  });

  it("takes an event type in place of options, and the options of the manager", async () => {
    const manager = new SSEManager({ headers: { "X-A": "1" } });
    const response = await manager.openResponse([1], "tick");
    expect(response.headers.get("x-a")).toBe("1");
    expect(await response.text()).toBe("event: tick\ndata: 1\n\n");
  });
});

function notFound(): Error {
  return Object.assign(new Error("No such document"), { httpStatus: 404 });
}

function hostile(): never {
  throw new Error("hands off");
}
