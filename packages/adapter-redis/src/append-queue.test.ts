import { createClient } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { startRedis } from "../test/redis-server.ts";
import { AppendQueue } from "./append-queue.ts";
import { logKeys } from "./log-keys.ts";
import { RedisConnection } from "./redis-connection.ts";
import { resolveOptions } from "./redis-event-logs-options.ts";

describe.skipIf(redisPath === undefined)(`AppendQueue, redis-server: ${redisNote}`, () => {
  it("refuses with one lease what it takes with another, in one turn", async () => {
    const server = await startRedis();
    const keys = logKeys("test", "a");
    const settings = resolveOptions({ client: createClient({ socket: { path: server.socketPath, tls: false } }) });
    const connection = new RedisConnection(settings.client, settings.onError);
    onTestFinished(() => connection.close(new Error("over")));
    const queue = new AppendQueue(connection, keys, settings, "name");
    await server.ask("SET", keys.lease, "2:new");
    const results = await Promise.allSettled([
      queue.push(["d", "1"], "2:new"),
      queue.push(["d", "2"], "1:old"),
      queue.push(["d", "3"], "2:new"),
    ]);
    expect(results).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "LEASE_LOST" } },
      { status: "fulfilled" },
    ]);
    expect(await server.ask("XLEN", keys.stream)).toBe(2);
  });
});
