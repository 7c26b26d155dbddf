import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { openLogs, startRedis } from "../test/redis-server.ts";
import { allEvents, dataOf } from "../test/take-events.ts";

/** As the README has them, and what a connection itself needs. */
const COMMANDS =
  "EVAL EVALSHA GET SET DEL EXISTS INCR PTTL PEXPIRE TIME XADD XTRIM XRANGE XREVRANGE XREAD HELLO AUTH PING CLIENT";

describe.skipIf(redisPath === undefined)(`least rights, redis-server: ${redisNote}`, () => {
  it("are its own names and commands", async () => {
    const server = await startRedis();
    const commands = COMMANDS.toLowerCase().split(" ");
    const rights = ["on", ">secret", "~{ssewire}:*", "-@all", ...commands.map((command) => `+${command}`)];
    await server.ask("ACL", "SETUSER", "logs", ...rights);
    const socket = { path: server.socketPath, tls: false } as const;
    const client = createClient({ socket, username: "logs", password: "secret" });
    const logs = openLogs(server, { client, leaseMs: 300 });
    const log = logs.log("a");
    const { signal } = new AbortController();
    const reading = allEvents(log.read());
    await log.lead(
      async () => {
        await log.append(1);
        expect(await log.lastSourceId()).toBeUndefined();
        // Of a stream that comes in while the others are waited for.
        const late = allEvents(logs.log("late").read());
        await logs.log("late").append(2);
        await logs.log("late").end();
        expect(dataOf(await late)).toEqual([2]);
      },
      { signal },
    );
    await log.end();
    expect(dataOf(await reading)).toEqual([1]);
    expect(logs.errors).toEqual([]);
    const foreign = openLogs(server, { client, prefix: "other" }).log("a");
    // Not in the words of Redis, as they may reach clients.
    const refused = { code: "REDIS_REFUSED", cause: { message: expect.stringContaining("NOPERM") } };
    const message = (task: string): object => ({ ...refused, message: `Cannot ${task} event log: Redis refused it` });
    await expect(foreign.append(1)).rejects.toMatchObject(refused);
    await expect(allEvents(foreign.read())).rejects.toMatchObject(message("read"));
    await expect(foreign.lead(async () => undefined, { signal })).rejects.toMatchObject(message("lead"));
  });
});
