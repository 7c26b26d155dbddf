import { SSEManager, shareSource, sse } from "@ssewire/core";
import { createClient } from "redis";
import { describe, expect, it, vi } from "vitest";
import { connectionsOf } from "../test/client-list.ts";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, prepareRedis, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf, takeEvents } from "../test/take-events.ts";
import { until } from "../test/until.ts";
import { RedisEventLogs, type RedisEventLogsOptions } from "./index.ts";

const client = createClient();

describe("new RedisEventLogs", () => {
  it.each<[string, unknown, string]>([
    ["no options", undefined, "`options` must be an object, got undefined"],
    ["no client", {}, "`client` must be a client made by createClient() of redis, got undefined"],
    ["a URL", { client: "redis://localhost" }, "`client` must be a client made by createClient() of redis, got string"],
    ["an unknown option", { client, maxEvent: 1 }, "unknown option `maxEvent`, allowed are `maxEvents`"],
    [
      "a prefix with braces",
      { client, prefix: "{a}" },
      '`prefix` must be 1 to 256 characters without braces, got "{a}"',
    ],
    ["an empty prefix", { client, prefix: "" }, '`prefix` must be 1 to 256 characters without braces, got ""'],
    ["a prefix that is none", { client, prefix: 1 }, "`prefix` must be a string, got number"],
    ["two lines of event type", { client, eventType: "a\nb" }, "`eventType` must be not empty and without line breaks"],
    ["an event type that is none", { client, eventType: null }, "`eventType` must be a string, got null"],
    ["no events", { client, maxEvents: 0 }, "`maxEvents` must be an integer from 1 to 1000000 (events), got 0"],
    ["half an event", { client, maxEvents: 1.5 }, "`maxEvents` must be an integer from 1 to 1000000 (events), got 1.5"],
    [
      "text for a number",
      { client, maxAgeMs: "1" },
      "`maxAgeMs` must be an integer from 1 to 2147483647 (ms), got string",
    ],
    ["a short lease", { client, leaseMs: 299 }, "`leaseMs` must be an integer from 300 to 3600000 (ms), got 299"],
    ["another overflow", { client, overflow: "drop" }, '`overflow` must be "close", "drop-oldest" or an object'],
    ["a hook that is none", { client, onError: true }, "`onError` must be a function, got boolean"],
  ])("refuses %s", (_, options, message) => {
    // As JavaScript would call it.
    expect(() => new RedisEventLogs(options as RedisEventLogsOptions)).toThrow(
      `Cannot create RedisEventLogs: ${message}`,
    );
  });

  it("connects nothing, and refuses keys that are none", async () => {
    const logs = new RedisEventLogs({ client });
    expect(() => logs.log("")).toThrow("Cannot open event log: `key` must be 1 to 1024 characters long");
    expect(() => logs.log("x".repeat(1_025))).toThrow(RangeError);
    expect(() => logs.log("\ud800")).toThrow("Cannot open event log: `key` must be without lone surrogates");
    // As JavaScript would call it.
    expect(() => logs.log(7 as never)).toThrow("Cannot open event log: `key` must be a string, got number");
    await logs.close();
    expect(client.isOpen).toBe(false);
  });
});

describe.skipIf(redisPath === undefined)(`RedisEventLogs, redis-server: ${redisNote}`, () => {
  it("has everything of a prefix in one slot, and knows nothing of other prefixes", async () => {
    const server = await startRedis("--cluster-enabled", "yes");
    await server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await until(async () => String(await server.ask("CLUSTER", "INFO")).includes("cluster_state:ok"));
    const [logs, others] = [openLogs(server), openLogs(server, { prefix: "other" })];
    const reading = ["a", "b", "{c}"].map((key) => takeEvents(logs.log(key).read(), 1));
    const stranger = takeEvents(others.log("a").read(), 1);
    for (const key of ["a", "b", "{c}"]) {
      const log = logs.log(key);
      await log.lead(async () => void (await log.append(key)), { signal: new AbortController().signal });
    }
    await others.log("a").append("other");
    expect(dataOf((await Promise.all(reading)).flat())).toEqual(["a", "b", "{c}"]);
    expect(dataOf(await stranger)).toEqual(["other"]);
    expect(logs.errors).toEqual([]);
  });

  it("works with clients of either protocol, and any type mapping", async () => {
    const server = await startRedis();
    const socket = { path: server.socketPath, tls: false } as const;
    for (const RESP of [2, 3] as const) {
      const mapped = createClient({ socket, RESP, commandOptions: { typeMapping: { 36: Buffer } } });
      const log = openLogs(server, { client: mapped }).log(`protocol ${RESP}`);
      const reading = takeEvents(log.read(), 1);
      await log.append("live");
      expect(dataOf(await reading)).toEqual(["live"]);
    }
  });

  it("serialises and parses as it is told", async () => {
    const server = await startRedis();
    const raw = openLogs(server, { serialize: String }).log("a");
    await raw.append("no json");
    await raw.append(sse(1));
    expect(dataOf(await takeEvents(raw.read(), 2))).toEqual(["no json", "1"]);
    // Another process, which expects JSON.
    expect(dataOf(await takeEvents(openLogs(server).log("a").read(), 2))).toEqual(["no json", 1]);
    const parse = (text: string): unknown => text.length;
    expect(dataOf(await takeEvents(openLogs(server, { parse }).log("a").read(), 2))).toEqual([7, 1]);
    const wrong = openLogs(server, { serialize: () => Object(1) }).log("b");
    await expect(wrong.append(1)).rejects.toThrow("Cannot append event: `serialize` must return a string, got object");
  });

  it("serves shareSource: one source, and an end for all", async () => {
    const server = await startRedis();
    let starts = 0;
    const watches = [openLogs(server), openLogs(server)].map((logs) =>
      shareSource<number>({
        start: async function* () {
          starts++;
          yield* [1, 2, 3];
        },
        log: (key) => logs.log(key),
      }),
    );
    const texts = await Promise.all(
      watches.map((watch) => SSEManager.createResponse(watch("key"), { openingMs: false }).text()),
    );
    expect(starts).toBe(1);
    expect(texts[0]?.match(/data: \d/g)).toEqual(["data: 1", "data: 2", "data: 3"]);
    expect(texts[1]).toBe(texts[0]);
  });

  it("leaves nothing when it is closed: readers, appends and connections end", async () => {
    const server = await startRedis();
    const logs = openLogs(server);
    const log = logs.log("a");
    const reading = expect(allEvents(log.read())).rejects.toMatchObject({ code: "CLOSED" });
    await log.append(1);
    expect(await connectionsOf(server)).toHaveLength(2);
    await logs[Symbol.asyncDispose]();
    await logs.close();
    await reading;
    await expect(log.append(2)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(takeEvents(log.read(), 1)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(log.lastSourceId()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(log.lead(async () => undefined, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: "CLOSED",
    });
    await until(async () => (await connectionsOf(server)).length === 0);
  });

  it("closes while Redis is away", async () => {
    const logs = openLogs(await prepareRedis());
    const log = logs.log("a");
    const results = Promise.allSettled([log.append(1), allEvents(log.read()), log.lastSourceId()]);
    await until(() => logs.errors.length > 0);
    await logs.close();
    for (const result of await results) expect(result).toMatchObject({ reason: { code: "CLOSED" } });
  });

  it("prints what onError throws, and goes on", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue(undefined);
    const failure = new Error("hook");
    const logs = openLogs(await prepareRedis(), { onError: () => Promise.reject(failure) });
    const appended = logs.log("a").append(1);
    await until(() => print.mock.calls.length > 0);
    expect(print).toHaveBeenCalledWith(failure);
    print.mockRestore();
    await Promise.all([logs.close(), expect(appended).rejects.toMatchObject({ code: "CLOSED" })]);
  });
});
