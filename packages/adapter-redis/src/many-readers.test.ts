import { describe, expect, it, onTestFinished } from "vitest";
import { connectionsOf } from "../test/client-list.ts";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf, range, takeEvents } from "../test/take-events.ts";
import { until } from "../test/until.ts";

describe.skipIf(redisPath === undefined)(`many readers, redis-server: ${redisNote}`, () => {
  it("1 000 of one key share one connection and each event", async () => {
    const server = await startRedis();
    const log = openLogs(server).log("a");
    await log.append(0);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const readers = range(1, 1_000).map(() => log.read());
    const first = await Promise.all(readers.map((reader) => takeEvents(reader, 1)));
    const next = readers.map((reader) => takeEvents(reader, 100));
    await until(async () => (await connectionsOf(server)).includes("xread"));
    expect((await connectionsOf(server)).filter((command) => command === "xread")).toHaveLength(1);
    expect(await connectionsOf(server)).toHaveLength(2);
    await Promise.all(range(1, 100).map((value) => log.append(value)));
    const rest = await Promise.all(next);
    for (const events of rest) expect(dataOf(events)).toEqual(range(1, 100));
    expect(new Set([...first, ...rest].flat()).size).toBe(101);
    const ends = Promise.all(readers.map((reader) => allEvents(reader)));
    await log.end();
    expect((await ends).flat()).toEqual([]);
    // They came together, and so asked together.
    const calls = /cmdstat_xrange:calls=(\d+)/.exec(String(await server.ask("INFO", "commandstats")))?.[1];
    expect(Number(calls)).toBeLessThan(50);
    expect(warnings).toEqual([]);
  });

  it("of 1 000 keys share one connection; new ones need not wait, and those that leave are forgotten", async () => {
    const server = await startRedis();
    const logs = openLogs(server);
    const all = range(1, 1_000).map((key) => logs.log(`key ${key}`));
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const controllers = all.map(() => new AbortController());
    const readers = all.map((log, index) => log.read({ signal: controllers[index]?.signal }));
    const next = readers.map((reader) => takeEvents(reader, 1));
    await Promise.all(all.map((log, index) => log.append(index)));
    expect(dataOf((await Promise.all(next)).flat())).toEqual(range(0, 999));
    expect((await connectionsOf(server)).filter((command) => command === "xread").length).toBeLessThanOrEqual(1);
    expect(await connectionsOf(server)).toHaveLength(2);

    const late = takeEvents(logs.log("late").read(), 1);
    // In the running command at the latest by now.
    await until(async () => (await server.ask("EXISTS", "{ssewire}:log:late")) === 0);
    const startedAt = performance.now();
    await logs.log("late").append("late");
    expect(dataOf(await late)).toEqual(["late"]);
    // Much less than the blocking command waits by itself.
    expect(performance.now() - startedAt).toBeLessThan(4_000);

    expect(warnings).toEqual([]);
    await Promise.all(readers.slice(1, 500).map((reader) => reader.return?.()));
    for (const controller of controllers.slice(500)) controller.abort();
    const [staying] = readers;
    if (staying === undefined) throw new Error("There are 1 000");
    const last = takeEvents(staying, 2);
    // The first makes the command begin anew, without those that left.
    await all[0]?.append(1);
    await until(async () => (await connectionsOf(server)).includes("xread"));
    const list = String(await server.ask("CLIENT", "LIST", "TYPE", "normal"));
    const argvMem =
      /argv-mem=(\d+)[^\n]* cmd=xread/.exec(list)?.[1] ?? /cmd=xread[^\n]* argv-mem=(\d+)/.exec(list)?.[1];
    expect(Number(argvMem)).toBeLessThan(1_000);
    await all[0]?.append(2);
    expect(dataOf(await last)).toEqual([1, 2]);
  });
});
