import { createEventStream, errorData, OverflowError, sse } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf, range, takeEvents } from "../test/take-events.ts";

describe.skipIf(redisPath === undefined)(`RedisEventLog, redis-server: ${redisNote}`, () => {
  it("gives what there is, then what comes, in every process", async () => {
    const server = await startRedis();
    const [here, elsewhere] = [openLogs(server).log("a"), openLogs(server).log("a")];
    const first = await here.append(1);
    const reader = elsewhere.read();
    expect(await takeEvents(reader, 1)).toMatchObject([{ id: first, event: "message", data: 1 }]);
    const pending = takeEvents(reader, 2);
    const ids = await Promise.all([here.append(2), here.append(sse({ three: 3 }, { event: "third", retry: 7 }))]);
    expect(await pending).toMatchObject([
      { id: ids[0], data: 2 },
      { id: ids[1], event: "third", data: { three: 3 }, retry: 7 },
    ]);
    expect([...ids, first].sort()).toEqual([first, ...ids]);
    await here.end();
    expect(await allEvents(reader)).toEqual([]);
  });

  it("puts on the wire what a log in memory would", async () => {
    const server = await startRedis();
    const log = openLogs(server, { eventType: "progress" }).log("a");
    const id = await log.append({ percent: 50n, text: "a\nb" });
    await log.append(sse(undefined, { comment: "c", retry: 5 }));
    await log.end();
    const stream = createEventStream(({ signal }) => log.read({ signal }), { openingMs: false });
    expect(await new Response(stream).text()).toBe(
      `id: ${id}\nevent: progress\ndata: {"percent":"50","text":"a\\nb"}\n\n: c\nretry: 5\n\n`,
    );
  });

  it("goes on after an id, over several pages", async () => {
    const log = openLogs(await startRedis()).log("a");
    const ids = await Promise.all(range(0, 499).map((value) => log.append(value)));
    await log.end();
    expect(dataOf(await allEvents(log.read({ after: ids[99] })))).toEqual(range(100, 499));
    expect(await allEvents(log.read({ after: ids[499] }))).toEqual([]);
  });

  it("encodes an event once, however many read it, live or later", async () => {
    const log = openLogs(await startRedis()).log("a");
    const readers = range(1, 3).map(() => log.read());
    const pending = Promise.all(readers.map((reader) => takeEvents(reader, 1)));
    await log.append(1);
    const [[first] = [], ...others] = await pending;
    others.push(await takeEvents(log.read(), 1));
    expect(others).toHaveLength(3);
    for (const [other] of others) expect(other).toBe(first);
  });

  it.each([
    ["no id at all", "nonsense"],
    ["an oversized one", "1".repeat(100_000)],
    ["one of the past", "1000000000000-1000000000"],
    ["one of the future", "9999999999999-1000000000"],
    ["one that Redis would take for a range", "+"],
    ["one with a line break", "1\n2"],
  ])("tells of a gap for an unknown id: %s", async (_, after) => {
    const log = openLogs(await startRedis()).log("a");
    await log.append(1);
    const events = await takeEvents(log.read({ after }), 2);
    expect(events).toMatchObject([
      { event: "gap", id: undefined, data: { after } },
      { event: "message", data: 1 },
    ]);
    await log.end();
    expect(dataOf(await allEvents(log.read({ after })))).toEqual(["gap", 1]);
  });

  it("tells of a gap at once when the log is empty", async () => {
    const log = openLogs(await startRedis()).log("a");
    const after = "1700000000000-1000000000";
    expect(await takeEvents(log.read({ after }), 1)).toMatchObject([{ event: "gap", data: { after } }]);
  });

  it("knows ids of other keys, of the same moment too, for what they are", async () => {
    const logs = openLogs(await startRedis());
    const [one, other] = [logs.log("one"), logs.log("other")];
    const moments = new Set<string | undefined>();
    const ids: string[] = [];
    // Until some of both are of the same millisecond.
    for (let isShared = false; !isShared; ) {
      const [id, otherId] = await Promise.all([one.append(1), other.append(1)]);
      ids.push(id);
      moments.add(otherId.split("-")[0]);
      isShared = ids.length >= 20 && ids.some((id) => moments.has(id.split("-")[0]));
    }
    for (const after of ids) expect(await takeEvents(other.read({ after }), 1)).toMatchObject([{ event: "gap" }]);
  });

  it("keeps about maxEvents, and tells of a gap who has missed some", async () => {
    const log = openLogs(await startRedis(), { maxEvents: 100 }).log("a");
    const ids = await Promise.all(range(0, 499).map((value) => log.append(value)));
    await log.end();
    const kept = dataOf(await allEvents(log.read()));
    expect(kept.length).toBeGreaterThanOrEqual(99);
    expect(kept.length).toBeLessThan(250);
    expect(kept).toEqual(range(500 - kept.length, 499));
    expect(dataOf(await allEvents(log.read({ after: ids[0] })))).toEqual(["gap", ...kept]);
    // Evicted, too, but nothing after it was.
    expect(dataOf(await allEvents(log.read({ after: ids[499 - kept.length] })))).toEqual(kept);
  });

  it("tells a reader of a gap that falls behind what is kept", async () => {
    const log = openLogs(await startRedis(), { maxEvents: 100 }).log("a");
    await Promise.all(range(0, 199).map((value) => log.append(value)));
    const reader = log.read();
    const [first] = dataOf(await takeEvents(reader, 1));
    await Promise.all(range(200, 999).map((value) => log.append(value)));
    await log.end();
    const rest = dataOf(await allEvents(reader));
    const gap = rest.indexOf("gap");
    expect(rest.slice(0, gap)).toEqual(range(Number(first) + 1, Number(first) + gap));
    const after = rest.slice(gap + 1);
    expect(after).toEqual(range(1_000 - after.length, 999));
  });

  it("tells a reader that has caught up when an entry does not follow its last one", async () => {
    const server = await startRedis();
    const log = openLogs(server).log("a");
    const reader = log.read();
    const reading = takeEvents(reader, 1);
    const id = await log.append(1);
    await reading;
    const next = takeEvents(reader, 2);
    // As if there had been many since, before this process was told.
    const fields = ["p", "1700000000000-1000000000", "e", "message", "d", "3"];
    await server.ask("XADD", "{ssewire}:log:a", "MAXLEN", "1", "9000000000000-1000000000", ...fields);
    const events = await next;
    expect(dataOf(events)).toEqual(["gap", 3]);
    expect(events[0]?.data).toEqual({ after: id });
  });

  it("brings a reader that is late to where the others are", async () => {
    const log = openLogs(await startRedis()).log("a");
    await Promise.all(range(0, 9).map((value) => log.append(value)));
    const [quick, late] = [log.read(), log.read()];
    const begun = [takeEvents(quick, 15), takeEvents(late, 1)] as const;
    const first = await begun[1];
    // More than the page which the late one has, and the others have it already.
    await Promise.all(range(10, 14).map((value) => log.append(value)));
    expect(dataOf(await begun[0])).toEqual(range(0, 14));
    expect(dataOf([...first, ...(await takeEvents(late, 14))])).toEqual(range(0, 14));
  });

  it("lets a log go that nobody has written to for maxAgeMs", async () => {
    const server = await startRedis();
    const log = openLogs(server, { maxAgeMs: 60_000 }).log("a");
    await log.append(1);
    expect(Number(await server.ask("PTTL", "{ssewire}:log:a"))).toBeGreaterThan(50_000);
    expect(Number(await server.ask("PTTL", "{ssewire}:log:a"))).toBeLessThanOrEqual(60_000);
  });

  it("remembers the last id of the source, whoever appended it", async () => {
    const server = await startRedis();
    const [here, elsewhere] = [openLogs(server).log("a"), openLogs(server).log("a")];
    expect(await elsewhere.lastSourceId()).toBeUndefined();
    await here.append(sse(1, { id: "seven" }));
    await here.append(2);
    expect(await elsewhere.lastSourceId()).toBe("seven");
    await elsewhere.append(sse(3, { id: "" }));
    expect(await here.lastSourceId()).toBe("");
    const events = await takeEvents(here.read(), 3);
    expect(events.map(({ id }) => id)).not.toContain("seven");
  });

  describe("end", () => {
    it("reaches readers in every process, with what the error event shows and no more", async () => {
      const server = await startRedis();
      const [here, elsewhere] = [openLogs(server).log("a"), openLogs(server).log("a")];
      const failure = Object.assign(new Error("Quota used up", { cause: new Error("secret") }), {
        [errorData]: { code: "QUOTA", left: 0n },
        httpStatus: 429,
        internal: "secret",
      });
      const live = expect(allEvents(elsewhere.read())).rejects.toMatchObject({
        message: "Quota used up",
        httpStatus: 429,
        [errorData]: { code: "QUOTA", left: "0" },
      });
      await here.append(1);
      await here.end({ error: failure });
      await live;
      const stream = createEventStream(({ signal }) => elsewhere.read({ signal }), { openingMs: false });
      const text = await new Response(stream).text();
      expect(text).toContain('data: {"error":"Quota used up","status":"error","code":"QUOTA","left":"0"}\n');
      expect(JSON.stringify(await server.ask("XRANGE", "{ssewire}:log:a", "-", "+"))).not.toContain("secret");
    });

    it.each([
      ["text", "plain", "plain"],
      ["nothing", undefined, "Unknown error"],
      [
        "what throws when looked at",
        new Proxy(
          {},
          {
            get: () => {
              throw new Error("no");
            },
          },
        ),
        "Unknown error",
      ],
    ])("takes any failure: %s", async (_, error, message) => {
      const log = openLogs(await startRedis()).log("a");
      await log.end({ error });
      await expect(allEvents(log.read())).rejects.toMatchObject({ message });
    });

    it("is there once, and none any more when something is appended", async () => {
      const server = await startRedis();
      const log = openLogs(server).log("a");
      await log.append(1);
      await log.end();
      await log.end({ error: new Error("too late") });
      expect(await server.ask("XLEN", "{ssewire}:log:a")).toBe(2);
      expect(dataOf(await allEvents(log.read()))).toEqual([1]);
      await log.append(2);
      const reader = log.read();
      expect(dataOf(await takeEvents(reader, 2))).toEqual([1, 2]);
      await log.append(3);
      expect(dataOf(await takeEvents(reader, 1))).toEqual([3]);
    });

    it("is there once also when all is asked for in one turn", async () => {
      const server = await startRedis();
      const log = openLogs(server).log("a");
      await Promise.all([log.append(1), log.end(), log.end(), log.append(2), log.append(3)]);
      expect(await server.ask("XLEN", "{ssewire}:log:a")).toBe(4);
      expect(dataOf(await takeEvents(log.read(), 3))).toEqual([1, 2, 3]);
    });

    it("is skipped, if it is a failure of before, by who asks for that", async () => {
      const log = openLogs(await startRedis()).log("a");
      await log.append(1);
      await log.end({ error: new Error("before") });
      const reader = log.read({ skipFailure: true });
      expect(dataOf(await takeEvents(reader, 1))).toEqual([1]);
      const pending = takeEvents(reader, 1);
      await log.append(2);
      expect(dataOf(await pending)).toEqual([2]);
      await log.end({ error: new Error("after") });
      await expect(takeEvents(reader, 1)).rejects.toThrow("after");
      await log.append(3);
      await log.end();
      expect(dataOf(await allEvents(log.read({ skipFailure: true })))).toEqual([1, 2, 3]);
    });
  });

  describe("a second failure", () => {
    it("reaches those who skipped the first, though nothing was appended in between, and any number does", async () => {
      const log = openLogs(await startRedis()).log("a");
      await log.append(1);
      for (const message of ["first", "second", "third"]) {
        const reader = log.read({ skipFailure: true });
        expect(dataOf(await takeEvents(reader, 1))).toEqual([1]);
        const next = expect(takeEvents(reader, 1)).rejects.toThrow(message);
        await log.end({ error: new Error(message) });
        await next;
      }
    });
  });

  describe("append", () => {
    it("refuses what cannot be encoded and goes on", async () => {
      const log = openLogs(await startRedis()).log("a");
      await expect(log.append(() => 1)).rejects.toThrow(TypeError);
      await expect(log.append(sse(1, { event: "a\nb" }))).rejects.toThrow("Cannot encode event: `event`");
      await log.append(1);
      expect(dataOf(await takeEvents(log.read(), 1))).toEqual([1]);
    });

    it("rejects with what a server that is full says", async () => {
      const server = await startRedis("--maxmemory-policy", "noeviction");
      const log = openLogs(server).log("a");
      await log.append(1);
      await server.ask("CONFIG", "SET", "maxmemory", "1");
      await expect(log.append(2)).rejects.toMatchObject({
        code: "REDIS_REFUSED",
        cause: { message: expect.stringContaining("OOM") },
      });
      await server.ask("CONFIG", "SET", "maxmemory", "0");
      await log.append(3);
      expect(dataOf(await takeEvents(log.read(), 2))).toEqual([1, 3]);
    });
  });

  describe("a slow reader among fast ones", () => {
    it("is closed when too much waits, and comes back by its id; the others go on", async () => {
      const log = openLogs(await startRedis(), { maxPendingEvents: 10 }).log("a");
      const [slow, fast] = [log.read(), log.read()];
      const pending = [takeEvents(slow, 1), takeEvents(fast, 1)] as const;
      await log.append(0);
      const [last] = await pending[0];
      await pending[1];
      for (const value of range(1, 100)) {
        const next = takeEvents(fast, 1);
        await log.append(value);
        expect(dataOf(await next)).toEqual([value]);
      }
      await expect(takeEvents(slow, 1)).rejects.toThrow(OverflowError);
      expect(dataOf(await takeEvents(log.read({ after: last?.id }), 100))).toEqual(range(1, 100));
    });

    it("is closed by nothing while it reads what was there before it caught up", async () => {
      const log = openLogs(await startRedis(), { maxPendingEvents: 10 }).log("a");
      await Promise.all(range(0, 499).map((value) => log.append(value)));
      const [slow, fast] = [log.read(), log.read()];
      const begun = dataOf(await takeEvents(slow, 140));
      expect(dataOf(await takeEvents(fast, 500))).toEqual(range(0, 499));
      const next = takeEvents(fast, 1);
      await log.append(500);
      await next;
      expect([...begun, ...dataOf(await takeEvents(slow, 361))]).toEqual(range(0, 500));
    });

    it("loses its oldest with drop-oldest", async () => {
      const dropped: number[] = [];
      const onDrop = (report: { dropped: number }): unknown => dropped.push(report.dropped);
      const log = openLogs(await startRedis(), { maxPendingEvents: 10, overflow: "drop-oldest", onDrop }).log("a");
      const [slow, fast] = [log.read(), log.read()];
      const pending = [takeEvents(slow, 1), takeEvents(fast, 51)] as const;
      await log.append(0);
      await pending[0];
      await Promise.all(range(1, 50).map((value) => log.append(value)));
      await pending[1];
      expect(dataOf(await takeEvents(slow, 10))).toEqual(range(41, 50));
      expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(40);
    });

    it("loses what later events stand for with coalesce, and is closed where that is not enough", async () => {
      const coalesce = ({ data }: { data: unknown }): string => Object(data).file;
      const log = openLogs(await startRedis(), { maxPendingEvents: 10, overflow: { coalesce } }).log("a");
      const [slow, fast] = [log.read(), log.read()];
      let pending = [takeEvents(slow, 1), takeEvents(fast, 51)] as const;
      await log.append({ file: "x" });
      await pending[0];
      await Promise.all(range(1, 50).map((value) => log.append({ file: `${value % 3}`, value })));
      await pending[1];
      const values: number[] = [];
      while (values.at(-1) !== 50) values.push(...(await takeEvents(slow, 1)).map(({ data }) => Object(data).value));
      expect(values.length).toBeLessThanOrEqual(10);
      expect(values.slice(-3)).toEqual([48, 49, 50]);
      pending = [takeEvents(slow, 1), takeEvents(fast, 51)];
      await log.append({ file: "x" });
      await pending[0].catch(() => undefined);
      await Promise.all(range(1, 50).map((value) => log.append({ file: `${value}` })));
      await pending[1];
      await expect(allEvents(slow)).rejects.toThrow(OverflowError);
    });

    it("bounds bytes, but not a single event", async () => {
      const log = openLogs(await startRedis(), { maxPendingBytes: 1_000 }).log("a");
      const [slow, fast] = [log.read(), log.read()];
      const pending = [takeEvents(slow, 1), takeEvents(fast, 3)] as const;
      await log.append(0);
      await pending[0];
      await log.append("x".repeat(10_000));
      expect(await takeEvents(slow, 1)).toHaveLength(1);
      await Promise.all([log.append("x".repeat(600)), pending[1]]);
      await Promise.all([log.append("x".repeat(600)), takeEvents(fast, 1)]);
      await expect(takeEvents(slow, 1)).rejects.toThrow(OverflowError);
    });
  });

  describe("a reader's end", () => {
    it("comes with its signal, while it waits, while nobody asks, and before it begins", async () => {
      const log = openLogs(await startRedis()).log("a");
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = allEvents(log.read({ signal }));
      const idle = log.read({ signal });
      const pending = takeEvents(idle, 1);
      await log.append(1);
      await pending;
      controller.abort();
      expect(dataOf(await waiting)).toEqual([1]);
      expect(await allEvents(idle)).toEqual([]);
      expect(await allEvents(log.read({ signal }))).toEqual([]);
    });

    it("comes with return(), even while an event is waited for", async () => {
      const log = openLogs(await startRedis()).log("a");
      const reader = log.read();
      const pending = reader.next();
      await reader.return?.();
      expect(await pending).toEqual({ done: true, value: undefined });
    });
  });
});
