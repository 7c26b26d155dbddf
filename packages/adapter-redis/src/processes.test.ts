import { describe, expect, it } from "vitest";
import { type ForkedScript, forkBundle } from "../../adapter-node/test/fork-bundle.ts";
import type { BffMessage } from "../test/bff.ts";
import { redisNote, redisPath } from "../test/find-redis.ts";
import { prepareRedis, type RedisServer, startRedis } from "../test/redis-server.ts";
import { range } from "../test/take-events.ts";
import { watchEvents } from "../test/watch-events.ts";

interface Bff extends ForkedScript<BffMessage> {
  readonly origin: string;
}

async function startBff({ socketPath }: RedisServer): Promise<Bff> {
  const script = await forkBundle<BffMessage>(new URL("../test/bff.ts", import.meta.url), { args: [socketPath] });
  const message = await script.next();
  if (!("port" in message)) throw new Error("The first message is its port");
  return { ...script, origin: `http://127.0.0.1:${message.port}` };
}

describe.skipIf(redisPath === undefined)(`several processes, redis-server: ${redisNote}`, () => {
  it("let a client move between them and see every event once, in order", async () => {
    const server = await startRedis();
    const bffs = await Promise.all([startBff(server), startBff(server)]);
    const data: string[] = [];
    let lastEventId: string | undefined;
    for (let move = 0; data.at(-1) !== "499"; move++) {
      const { origin } = move % 2 === 0 ? bffs[0] : bffs[1];
      let left = 60;
      const events = await watchEvents(
        `${origin}/moving/500`,
        lastEventId,
        ({ data }) => --left === 0 || data === "499",
      );
      data.push(...events.map(({ data }) => data));
      lastEventId = events.at(-1)?.id ?? lastEventId;
    }
    expect(data).toEqual(range(0, 499).map(String));
  });

  it.each([[[]], [["away"]]])("end by themselves when their logs are closed %j", async (args) => {
    const server = args.length === 0 ? await startRedis() : await prepareRedis();
    const { exited } = await forkBundle(new URL("../test/closing.ts", import.meta.url), {
      args: [server.socketPath, ...args],
    });
    expect(await exited).toEqual({ code: 0, signal: null, stderr: "" });
  });

  it("take over when the one that leads is killed, and no event is lost or doubled", async () => {
    const server = await startRedis();
    const [first, second] = await Promise.all([startBff(server), startBff(server)]);
    const isAt = (value: number) => (event: { data: string }) => event.data === String(value);
    // The first to be watched leads.
    await watchEvents(`${first.origin}/killed/1000`, undefined, isAt(0));
    const staying = expect(watchEvents(`${first.origin}/killed/1000`, undefined, () => false)).rejects.toThrow();
    expect(await first.next()).toEqual({ leadsFrom: 0 });
    let killedAt = 0;
    const events = await watchEvents(`${second.origin}/killed/1000`, undefined, ({ data, event }) => {
      if (data === "100") {
        first.child.kill("SIGKILL");
        killedAt = performance.now();
      }
      return event === "end";
    });
    const taken = await second.next();
    expect(performance.now() - killedAt).toBeLessThan(30_000);
    expect("leadsFrom" in taken && taken.leadsFrom).toBeGreaterThan(100);
    expect(events.map(({ data }) => data)).toEqual([...range(0, 999).map(String), '""']);
    await staying;
  });
});
