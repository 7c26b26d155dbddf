import { describe, expect, it } from "vitest";
import { bodyOf, type ReadEvent, readEvents } from "../test/read-stream.ts";
import { MemoryEventLog, SSEManager, type SseFields, shareSource, sse, type WatchedSource } from "./index.ts";

// The table in SECURITY.md says which threats there are, and which tests of other files hold them.

/** What ends the field it is in and adds an event of its own, for each line end that there is. */
const PAYLOADS = ["\n", "\r", "\r\n"].map((end) => `x${end}event: admin${end}id: 0${end}data: {}${end}${end}`);

async function* once<Value>(value: Value): AsyncGenerator<Value> {
  yield value;
}

const eventsOf = (response: Response): Promise<ReadEvent[]> => readEvents(bodyOf(response));

describe("what a source relays from strangers", () => {
  describe.each(PAYLOADS)("%j", (payload) => {
    it.each<[string, unknown, SseFields]>([
      ["data", payload, {}],
      ["data that is sent as it is", payload, {}],
      ["a key of its data", { [payload]: 1 }, {}],
      ["a comment", "fine", { comment: payload }],
      ["an id", "fine", { id: payload }],
      ["an event type", "fine", { event: payload }],
    ])("adds no event and no field of its own, in %s", async (where, data, fields) => {
      const serialize = where.includes("as it is") ? String : undefined;
      const events = await eventsOf(SSEManager.createResponse(once(sse(data, fields)), { serialize }));
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({ event: expect.stringMatching(/^(?:message|error)$/), id: undefined });
    });

    it("adds none in the message of an error", async () => {
      const source = (): never => {
        throw new Error(payload);
      };
      const data = JSON.stringify({ error: payload, status: "error" });
      expect(await eventsOf(SSEManager.createResponse(source))).toEqual([{ id: undefined, event: "error", data }]);
    });

    it("adds none in a last event ID that comes in the query, where it may hold anything", async () => {
      const log = new MemoryEventLog<number>();
      log.append(1);
      log.end();
      const request = new Request(`http://localhost/?lastEventId=${encodeURIComponent(payload)}`);
      const source: WatchedSource = ({ lastEventId, signal }) => log.read({ after: lastEventId, signal });
      const events = await eventsOf(SSEManager.createResponse(source, { request }));
      expect(events.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
        ["gap", { after: payload }],
        ["message", 1],
      ]);
    });
  });

  it("may be named like what every object has, as the key of a shared source", async () => {
    const watch = shareSource<string>({ start: (key) => once(`of ${key}`), log: () => new MemoryEventLog() });
    const keys = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const events = keys.map((key) => eventsOf(SSEManager.createResponse(watch(key))));
    expect((await Promise.all(events)).map(([event]) => JSON.parse(event?.data ?? ""))).toEqual(
      keys.map((key) => `of ${key}`),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("a client that comes back with the id of somebody else's stream", () => {
  it.each<[string, (id: string) => Request]>([
    ["in the header", (id) => new Request("http://localhost/", { headers: { "Last-Event-ID": id } })],
    ["in the query", (id) => new Request(`http://localhost/?lastEventId=${id}`)],
  ])("gets a gap, and all that it may watch, and nothing else: %s", async (_where, requestWith) => {
    const watch = shareSource<string>({
      async *start(user) {
        yield `first of ${user}`;
        yield `second of ${user}`;
      },
      log: () => new MemoryEventLog(),
    });
    const [first] = await eventsOf(SSEManager.createResponse(watch("alice")));
    await eventsOf(SSEManager.createResponse(watch("bob")));

    const request = requestWith(first?.id ?? expect.fail("the event has no id"));
    const events = await eventsOf(SSEManager.createResponse(watch("bob"), { request }));
    expect(events.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      ["gap", { after: first?.id }],
      ["message", "first of bob"],
      ["message", "second of bob"],
    ]);
  });
});

describe("an error that knows more than its message", () => {
  const error = Object.assign(
    new AggregateError([new Error("of the first")], "Could not convert", { cause: new Error("of the cause") }),
    { path: "/etc/of-a-file", config: { password: "of-a-user" }, statusCode: 418 },
  );
  const source = (): never => {
    throw error;
  };

  it("shows the message in the error event, and nothing else of it", async () => {
    const text = await SSEManager.createResponse(source).text();
    expect(text).toBe('event: error\ndata: {"error":"Could not convert","status":"error"}\n\n');
  });

  it("shows nothing at all before the stream is open, and then only what it says of itself with an httpStatus", async () => {
    const silent = await SSEManager.openResponse(source);
    expect([silent.status, await silent.json()]).toEqual([500, { type: "about:blank", status: 500 }]);

    const speaking = await SSEManager.openResponse(() => Promise.reject(Object.assign(error, { httpStatus: 409 })));
    const problem = { type: "about:blank", status: 409, detail: "Could not convert" };
    expect([speaking.status, await speaking.json()]).toEqual([409, problem]);
  });
});
