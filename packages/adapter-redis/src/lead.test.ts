import { sse } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf, takeEvents } from "../test/take-events.ts";
import { until } from "../test/until.ts";

const LEASE = "{ssewire}:lease:a";

/** A writer that writes until it shall stop. */
function idleWriter(): {
  readonly write: (context: { signal: AbortSignal }) => Promise<void>;
  readonly begun: Promise<void>;
  readonly reason: () => unknown;
  readonly runs: () => number;
} {
  let begin: () => void = () => undefined;
  let reason: unknown;
  let runs = 0;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const write = ({ signal }: { signal: AbortSignal }): Promise<void> => {
    runs++;
    begin();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        resolve();
      });
    });
  };
  return { write, begun, reason: () => reason, runs: () => runs };
}

const forever = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });

describe.skipIf(redisPath === undefined)(`RedisEventLog.lead, redis-server: ${redisNote}`, () => {
  it("runs one writer of many, and tells the others how it ended", async () => {
    const server = await startRedis();
    const all = [1, 2, 3].map(() => openLogs(server, { leaseMs: 600 }).log("a"));
    let runs = 0;
    const led = all.map((log) =>
      log.lead(async () => {
        runs++;
        await log.append(1);
        await log.end();
      }, forever()),
    );
    expect(await Promise.all(led)).toEqual([true, true, true]);
    expect(runs).toBe(1);
    // Later, too.
    expect(
      await openLogs(server)
        .log("a")
        .lead(() => Promise.reject(new Error("not called")), forever()),
    ).toBe(true);
  });

  it("is over for others, too, when it failed; who comes after that begins again", async () => {
    const server = await startRedis();
    const [first, second] = [openLogs(server, { leaseMs: 600 }).log("a"), openLogs(server, { leaseMs: 600 }).log("a")];
    let fail: (error: Error) => void = () => undefined;
    const failing = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const { write, begun } = idleWriter();
    const led = first
      .lead((context) => Promise.race([write(context), failing]), forever())
      .catch((error: unknown) => first.end({ error }));
    await begun;
    const waiting = second.lead(() => Promise.reject(new Error("not called")), forever());
    // Answered after what was asked before.
    await second.lastSourceId();
    await first.append(1);
    fail(new Error("source"));
    await led;
    expect(await waiting).toBe(false);
    expect(await second.lead(async () => void (await second.append(2)), forever())).toBe(true);
    await second.end();
    const events = await takeEvents(first.read(), 2);
    expect(dataOf(events)).toEqual([1, 2]);
  });

  it("rejects with what the writer rejects with", async () => {
    const log = openLogs(await startRedis()).log("a");
    await expect(log.lead(() => Promise.reject(new Error("source")), forever())).rejects.toThrow("source");
    const sync = (): never => {
      throw new Error("at once");
    };
    await log.end();
    const other = openLogs(await startRedis()).log("a");
    await expect(other.lead(sync, forever())).rejects.toThrow("at once");
  });

  it("keeps the lease while the writer runs, and the log with it", async () => {
    const server = await startRedis();
    const log = openLogs(server, { leaseMs: 300, maxAgeMs: 60_000 }).log("a");
    await log.append(1);
    const controller = new AbortController();
    const { write, begun, runs } = idleWriter();
    const led = log.lead(write, { signal: controller.signal });
    await begun;
    const token = await server.ask("GET", LEASE);
    expect(token).toMatch(/^1:/);
    await server.ask("PEXPIRE", "{ssewire}:log:a", "20000");
    // Renewed more than once, so longer than it would have lasted.
    await until(async () => Number(await server.ask("PTTL", "{ssewire}:log:a")) > 20_000);
    await server.ask("PEXPIRE", "{ssewire}:log:a", "20000");
    await until(async () => Number(await server.ask("PTTL", "{ssewire}:log:a")) > 20_000);
    expect(await server.ask("GET", LEASE)).toBe(token);
    controller.abort();
    expect(await led).toBe(false);
    await until(async () => (await server.ask("EXISTS", LEASE)) === 0);
    expect(runs()).toBe(1);
  });

  it("gives the lease back to nobody who has it meanwhile", async () => {
    const server = await startRedis();
    const log = openLogs(server).log("a");
    const controller = new AbortController();
    const { write, begun } = idleWriter();
    const led = log.lead(write, { signal: controller.signal });
    await begun;
    await server.ask("SET", LEASE, "9:other", "PX", "60000");
    controller.abort();
    expect(await led).toBe(false);
    // Answered after what was sent before.
    await log.lastSourceId();
    expect(await server.ask("GET", LEASE)).toBe("9:other");
  });

  it("goes on elsewhere, after the last id of the source, when it is given up", async () => {
    const server = await startRedis();
    const [first, second] = [openLogs(server, { leaseMs: 600 }).log("a"), openLogs(server, { leaseMs: 600 }).log("a")];
    const controller = new AbortController();
    const { write, begun } = idleWriter();
    const led = first.lead(
      async (context) => {
        await first.append(sse(1, { id: "one" }));
        await write(context);
      },
      { signal: controller.signal },
    );
    await begun;
    const seen: unknown[] = [];
    const waiting = second.lead(async () => void seen.push(await second.lastSourceId()), forever());
    controller.abort();
    expect(await led).toBe(false);
    expect(await waiting).toBe(true);
    expect(seen).toEqual(["one"]);
  });

  it("aborts a writer that has lost its lease, refuses its events, and runs it again when it can", async () => {
    const server = await startRedis();
    const log = openLogs(server, { leaseMs: 600 }).log("a");
    const reasons: unknown[] = [];
    let runs = 0;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const led = log.lead(async ({ signal }) => {
      if (runs++ > 0) return void (await log.append("again"));
      await log.append("first");
      begin();
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await server.ask("SET", LEASE, "9:other", "PX", "1500");
      reasons.push(await log.append("refused").catch((error: unknown) => error));
      await aborted;
      reasons.push(signal.reason);
      reasons.push(await log.append("refused").catch((error: unknown) => error));
    }, forever());
    await begun;
    expect(await led).toBe(true);
    expect(reasons).toMatchObject([{ code: "LEASE_LOST" }, { code: "LEASE_LOST" }, { code: "LEASE_LOST" }]);
    expect(runs).toBe(2);
    expect(dataOf(await takeEvents(log.read(), 2))).toEqual(["first", "again"]);
  });

  it("lets a writer that is through end the log when its lease has run out and is nobody's", async () => {
    const server = await startRedis();
    const log = openLogs(server, { leaseMs: 300 }).log("a");
    expect(await log.lead(async () => void (await log.append(1)), forever())).toBe(true);
    await until(async () => (await server.ask("EXISTS", LEASE)) === 0);
    await expect(log.append(2)).rejects.toMatchObject({ code: "LEASE_LOST" });
    await log.end();
    expect(dataOf(await allEvents(log.read()))).toEqual([1]);
  });

  it("keeps the lease of a writer that is through until the log has ended, so that nobody begins in between", async () => {
    const server = await startRedis();
    const [first, second] = [
      openLogs(server, { leaseMs: 5_000 }).log("a"),
      openLogs(server, { leaseMs: 300 }).log("a"),
    ];
    expect(await first.lead(async () => void (await first.append(1)), forever())).toBe(true);
    expect(Number(await server.ask("PTTL", LEASE))).toBeGreaterThan(0);
    const waiting = second.lead(() => Promise.reject(new Error("not called")), forever());
    await second.lastSourceId();
    await first.end();
    expect(await server.ask("EXISTS", LEASE)).toBe(0);
    expect(await waiting).toBe(true);
  });

  it("runs a writer again that failed only as its event was refused", async () => {
    const server = await startRedis();
    const log = openLogs(server, { leaseMs: 1_000 }).log("a");
    let runs = 0;
    const led = log.lead(async () => {
      if (runs++ === 0) await server.ask("SET", LEASE, "9:other", "PX", "10");
      await log.append(runs);
    }, forever());
    expect(await led).toBe(true);
    expect(dataOf(await takeEvents(log.read(), 1))).toEqual([2]);
  });

  it("aborts a writer before its lease runs out when Redis is away", async () => {
    const server = await startRedis();
    const log = openLogs(server, { leaseMs: 1_000 }).log("a");
    const controller = new AbortController();
    const { write, begun, reason } = idleWriter();
    const led = log.lead(write, { signal: controller.signal });
    await begun;
    await server.kill();
    await until(() => reason() !== undefined);
    expect(reason()).toMatchObject({ code: "LEASE_LOST" });
    controller.abort();
    expect(await led).toBe(false);
  });

  it("waits no longer when its signal is aborted, or was", async () => {
    const server = await startRedis();
    const [first, second] = [openLogs(server).log("a"), openLogs(server).log("a")];
    const { write, begun } = idleWriter();
    const stop = new AbortController();
    const led = first.lead(write, { signal: stop.signal });
    await begun;
    const controller = new AbortController();
    const waiting = second.lead(write, { signal: controller.signal });
    controller.abort();
    expect(await waiting).toBe(false);
    expect(await second.lead(write, { signal: controller.signal })).toBe(false);
    stop.abort();
    expect(await led).toBe(false);
  });

  it("gives the lease back when the logs are closed", async () => {
    const server = await startRedis();
    const logs = openLogs(server, { leaseMs: 60_000 });
    const { write, begun, reason } = idleWriter();
    const led = logs.log("a").lead(write, forever());
    await begun;
    const rejected = expect(led).rejects.toMatchObject({ code: "CLOSED" });
    await logs.close();
    await rejected;
    expect(reason()).toMatchObject({ code: "CLOSED" });
    expect(await server.ask("EXISTS", LEASE)).toBe(0);
  });
});
