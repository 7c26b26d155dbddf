import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectClient, type SoakClient, type Temper } from "./client.ts";
import type { Health } from "./server.ts";

const STREAMS = Number(process.env["SOAK_STREAMS"] ?? 2_000);
/** An hour for `pnpm soak`, a minute among the other tests. */
const SECONDS = Number(process.env["SOAK_SECONDS"] ?? (process.env["npm_lifecycle_event"] === "soak" ? 3_600 : 60));

/** The server on the built packages, in a process of its own. */
async function startServer(): Promise<{ port: number; health(): Promise<Health> }> {
  const outfile = join(await mkdtemp(join(tmpdir(), "soak-")), "server.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("server.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    // Without the `paths` of the workspace, packages are what a user has of them: dist.
    tsconfigRaw: {},
  });
  const child = fork(outfile, { execArgv: ["--expose-gc"] });
  onTestFinished(() => void child.kill());
  const [port] = await once(child, "message");
  return {
    port: Number(port),
    health: async () => (await fetch(`http://127.0.0.1:${port}/health`)).json() as Promise<Health>,
  };
}

function someTemper(index: number): Temper {
  if (index % 100 === 0) return "dead";
  return index % 10 === 1 ? "slow" : "steady";
}

describe(`${STREAMS} streams for ${SECONDS} s, clients coming and going`, () => {
  it("lose no event, leak nothing and bound their memory", { timeout: (SECONDS + 120) * 1_000 }, async () => {
    const server = await startServer();
    const baseline = await server.health();
    const clients: SoakClient[] = [];
    const gone: SoakClient[] = [];
    const rss: number[] = [];

    // In steps, as a listen queue takes some hundreds at a time.
    while (clients.length < STREAMS) {
      for (let count = 0; count < 100 && clients.length < STREAMS; count++) {
        clients.push(connectClient(server.port, someTemper(clients.length)));
      }
      await wait(20);
    }
    const endsAt = performance.now() + SECONDS * 1_000;
    while (performance.now() < endsAt) {
      // Every second one in forty leaves, and another comes. Of the first half of all nobody ever does, nor do the dead.
      for (let count = 0; count < STREAMS / 40; count++) {
        const index = Math.floor(STREAMS / 2 + (Math.random() * STREAMS) / 2);
        const leaving = clients[index];
        if (leaving === undefined || leaving.temper === "dead") continue;
        leaving.leave();
        gone.push(leaving);
        clients[index] = connectClient(server.port, leaving.temper);
      }
      await wait(1_000);
      rss.push((await server.health()).rssBytes);
    }
    const during = await server.health();
    for (const client of clients) client.leave();
    await expect.poll(async () => (await server.health()).sources, { timeout: 10_000 }).toBe(0);
    const after = await server.health();

    // The dead ones are let go by the server, and may see that.
    const alive = clients.filter(({ temper }) => temper !== "dead");
    expect([...alive, ...gone].map(({ problem }) => problem).filter((problem) => problem !== undefined)).toEqual([]);
    // Two events a second each; half of that on a machine that is busy.
    const stayed = alive.slice(0, STREAMS / 2 - STREAMS / 100);
    expect(Math.min(...stayed.map(({ received }) => received))).toBeGreaterThan(SECONDS);
    // The dead are let go all the same: by the stream, or by the bridge to the socket.
    const letGo = (during.closed["dead, stalled"] ?? 0) + (during.closed["dead, cancelled"] ?? 0);
    expect(letGo).toBe(clients.filter(({ temper }) => temper === "dead").length);
    expect(after).toMatchObject({ open: 0, sources: 0, problems: [] });
    // What a stream weighs while it is open is gone; what grows with time would show as a slope.
    expect(after.heapBytes).toBeLessThan(baseline.heapBytes + 5_000_000);
    const early = Math.max(...rss.slice(0, Math.ceil(rss.length / 2)));
    const late = Math.max(...rss.slice(Math.ceil(rss.length / 2)));
    expect(late).toBeLessThan(early * 1.25);
    process.stdout.write(
      `soak: ${gone.length} clients left, RSS ${(baseline.rssBytes / 2 ** 20).toFixed(0)} MiB before, ` +
        `${(early / 2 ** 20).toFixed(0)} and ${(late / 2 ** 20).toFixed(0)} during; heap after ` +
        `${((after.heapBytes - baseline.heapBytes) / 1024).toFixed(0)} KiB above the beginning; ` +
        `endings ${JSON.stringify(after.closed)}\n`,
    );
  });
});
