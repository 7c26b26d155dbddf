import { connect as connectHttp2 } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CountingServerCounts, CountingServerPorts } from "../test/counting-server.ts";
import { forkBundle } from "../test/fork-bundle.ts";
import { get, rawClient } from "../test/raw-client.ts";

/** What one client may leave behind on the heap of the server, in bytes; a leaked stream weighs several thousand. */
const LEFT_BYTES = 1_500;

/** A server in a process of its own, and what it counts. */
async function countingServer() {
  const { child, next } = await forkBundle<CountingServerPorts | CountingServerCounts>(
    new URL("../test/counting-server.ts", import.meta.url),
    {
      execArgv: ["--expose-gc"],
    },
  );
  const ports = await next();
  if (!("http" in ports)) throw new Error("The ports come first");
  const ask = async (request: "count" | "weigh"): Promise<CountingServerCounts> => {
    child.send(request);
    const counts = await next();
    if ("http" in counts) throw new Error("The ports come once");
    return counts;
  };
  /** Asks until all sources that were started are released; the answer takes the server a turn. */
  const allReleased = async (): Promise<CountingServerCounts> => {
    for (;;) {
      const { started, released } = await ask("count");
      if (started === released) return ask("weigh");
    }
  };
  return { ports, allReleased };
}

/** Opens streams, each with its first event; what is returned makes the clients vanish. */
type Opening = (count: number, ports: CountingServerPorts) => Promise<() => void>;

const rawClients = (count: number, { http }: CountingServerPorts) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const client = await rawClient(http, get());
      await client.until(/hello/);
      return client;
    }),
  );

const openings: Record<string, Opening> = {
  FIN: async (count, ports) => {
    const clients = await rawClients(count, ports);
    return () => clients.map(({ socket }) => socket.destroy());
  },
  RST: async (count, ports) => {
    const clients = await rawClients(count, ports);
    return () => clients.map(({ socket }) => socket.resetAndDestroy());
  },
  "half-close": async (count, ports) => {
    const clients = await rawClients(count, ports);
    return () => clients.map(({ socket }) => socket.end());
  },
  "kill -9": async (count, { http }) => {
    const { child, next } = await forkBundle<string>(new URL("../test/watching-client.ts", import.meta.url), {
      args: [String(http), String(count)],
    });
    await next();
    return () => child.kill("SIGKILL");
  },
  "HTTP/2 reset": async (count, { http2 }) => {
    const session = connectHttp2(`http://127.0.0.1:${http2}`);
    onTestFinished(() => session.destroy());
    const streams = await Promise.all(
      Array.from({ length: count }, async () => {
        const stream = session.request();
        await new Promise((resolve) => stream.once("data", resolve));
        return stream.resume();
      }),
    );
    return () => {
      for (const stream of streams) stream.close(8);
      session.close();
    };
  },
};

describe("clients that vanish", () => {
  it("500 in five ways: every source is released within 1 s, and nothing of them is left", async () => {
    const { ports, allReleased } = await countingServer();
    const round = async () => {
      const vanish = await Promise.all(Object.values(openings).map((open) => open(100, ports)));
      const before = performance.now();
      for (const each of vanish) each();
      const counts = await allReleased();
      expect(performance.now() - before).toBeLessThan(1_000);
      return counts;
    };
    // What is made once is made now.
    const baseline = await round();
    await round();
    const counts = await round();
    expect(counts.started).toBe(1_500);
    expect(counts.complaints).toEqual([]);
    expect(counts.handles).toBe(baseline.handles);
    expect(counts.heapBytes - baseline.heapBytes).toBeLessThan(1_000 * LEFT_BYTES);
  });

  it("case 47: 5 cycles of 2 000 that come and go leave the heap as it was, and every finally ran", async () => {
    const { ports, allReleased } = await countingServer();
    const cycle = async () => {
      for (let opened = 0; opened < 2_000; opened += 250) {
        for (const { socket } of await rawClients(250, ports)) socket.destroy();
      }
      return allReleased();
    };
    const baseline = await cycle();
    for (let count = 0; count < 4; count += 1) await cycle();
    const counts = await allReleased();
    expect(counts.released).toBe(10_000);
    expect(counts.complaints).toEqual([]);
    expect(counts.handles).toBe(baseline.handles);
    expect(counts.heapBytes - baseline.heapBytes).toBeLessThan(8_000 * LEFT_BYTES);
  });
});
