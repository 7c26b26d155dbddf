import { sse } from "@ssewire/core";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, prepareRedis, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf, range, takeEvents } from "../test/take-events.ts";
import { until } from "../test/until.ts";
import type { RedisClientCopy } from "./index.ts";

describe.skipIf(redisPath === undefined)(`a server that comes and goes, redis-server: ${redisNote}`, () => {
  it("is waited for at the start, by readers, writers and leaders", async () => {
    const server = await prepareRedis();
    const logs = openLogs(server);
    const log = logs.log("a");
    const reading = takeEvents(log.read(), 2);
    const appended = log.append(1);
    const led = logs.log("a").lead(async () => void (await logs.log("a").append(2)), {
      signal: new AbortController().signal,
    });
    const source = log.lastSourceId();
    await until(() => logs.errors.length > 0);
    await server.start();
    await Promise.all([appended, led, source]);
    expect(dataOf(await reading).sort()).toEqual([1, 2]);
    // One connection was asked for, and it was one outage.
    expect(logs.errors).toHaveLength(1);
  });

  it("loses nothing and doubles nothing when it is killed and what it had is on disk", async () => {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const [here, elsewhere] = [openLogs(server).log("a"), openLogs(server).log("a")];
    const reading = takeEvents(elsewhere.read(), 600);
    const late = elsewhere.read();
    await Promise.all(range(0, 99).map((value) => here.append(value)));
    const started = dataOf(await takeEvents(late, 50));
    const appends: Promise<string>[] = [];
    for (const value of range(100, 599)) {
      appends.push(here.append(value));
      if (value === 200) await server.kill();
      if (value === 400) await server.start();
      if (value % 10 === 0) await new Promise(setImmediate);
    }
    await Promise.all(appends);
    expect(dataOf(await reading)).toEqual(range(0, 599));
    expect([...started, ...dataOf(await takeEvents(late, 550))]).toEqual(range(0, 599));
    expect(dataOf(await takeEvents(here.read(), 600))).toEqual(range(0, 599));
    await here.end();
    expect(await allEvents(late)).toEqual([]);
  });

  it("tells readers of a gap when it comes back with nothing", async () => {
    const server = await startRedis();
    const log = openLogs(server).log("a");
    const [reader, empty] = [log.read(), log.read()];
    const pending = takeEvents(reader, 1);
    const [event] = await Promise.all([pending, log.append(1)]).then(([events]) => events);
    expect(dataOf(await takeEvents(empty, 1))).toEqual([1]);
    const next = takeEvents(reader, 2);
    await server.kill();
    await server.start();
    // At once, and not with the next event only.
    const gap = takeEvents(empty, 1);
    expect(await gap).toMatchObject([{ event: "gap", data: { after: event?.id } }]);
    await log.append(2);
    expect(dataOf(await next)).toEqual(["gap", 2]);
    expect(dataOf(await takeEvents(empty, 1))).toEqual([2]);
    expect(dataOf(await takeEvents(log.read({ after: event?.id }), 2))).toEqual(["gap", 2]);
  });

  it("rejects appends after appendTimeoutMs, and those for which there is no room at once", async () => {
    const server = await prepareRedis();
    const log = openLogs(server, { appendTimeoutMs: 300, maxPendingAppends: 5 }).log("a");
    const results = await Promise.allSettled(range(1, 20).map((value) => log.append(value)));
    for (const [index, result] of results.entries()) {
      const message = index < 5 ? "Redis does not answer" : "5 events wait already";
      const reason = { code: "REDIS_UNAVAILABLE", message: `Cannot append event: ${message}` };
      expect(result).toMatchObject({ status: "rejected", reason });
    }
    await server.start();
    // Waits for as long as it takes.
    await log.lastSourceId();
    await log.append(21);
    expect(dataOf(await takeEvents(log.read(), 1))).toEqual([21]);
  });

  it("appends once what it had done when the answer was lost", async () => {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const log = openLogs(server).log("a");
    await log.append(0);
    const appends: Promise<string>[] = [];
    // Whenever the connections go, what is under way may be done or not.
    for (const value of range(1, 300)) {
      appends.push(log.append(sse(value, { id: `${value}` })));
      if (value % 30 === 0) await Promise.all([server.ask("CLIENT", "KILL", "SKIPME", "yes"), appends[value - 2]]);
    }
    const ids = await Promise.all(appends);
    expect(new Set(ids).size).toBe(300);
    expect(dataOf(await takeEvents(log.read(), 301))).toEqual(range(0, 300));
  });

  it("appends once what was done when the connection was lost before the answer", async () => {
    const server = await startRedis();
    const client = createClient({ socket: { path: server.socketPath, tls: false } });
    let lost = 0;
    /** Does what it is asked to, and says that the connection was lost. */
    const losing =
      (copy: RedisClientCopy): RedisClientCopy["sendCommand"] =>
      async (args) => {
        const reply = await copy.sendCommand(args);
        if (args[0] !== "EVALSHA" || lost++ > 0) return reply;
        throw new Error("Socket closed unexpectedly");
      };
    const log = openLogs(server, {
      client: {
        sendCommand: () => Promise.reject(new Error("unused")),
        duplicate: (overrides) => {
          const copy: RedisClientCopy = client.duplicate({ ...overrides, socket: { ...client.options.socket } });
          return new Proxy(copy, {
            get: (_, name) => {
              if (name === "sendCommand") return losing(copy);
              const member: unknown = Reflect.get(copy, name);
              return typeof member === "function" ? member.bind(copy) : member;
            },
          });
        },
      },
    }).log("a");
    // Makes the script known, so that the first answer that is lost is one of Redis.
    await openLogs(server).log("b").append(0);
    const ids = await Promise.all([log.append(1), log.append(2)]);
    expect(lost).toBe(2);
    const events = await takeEvents(log.read(), 2);
    expect(dataOf(events)).toEqual([1, 2]);
    expect(events.map(({ id }) => id)).toEqual(ids);
    expect(await server.ask("XLEN", "{ssewire}:log:a")).toBe(2);
  });

  it("ends the waiting of a reader whose signal is aborted while it is away", async () => {
    const server = await prepareRedis();
    const controller = new AbortController();
    const reading = allEvents(openLogs(server).log("a").read({ signal: controller.signal }));
    controller.abort();
    expect(await reading).toEqual([]);
  });
});
