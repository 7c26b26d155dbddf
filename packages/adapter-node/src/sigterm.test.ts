import { describe, expect, it } from "vitest";
import { forkBundle } from "../test/fork-bundle.ts";
import { get, type RawClient, rawClient } from "../test/raw-client.ts";
import type { TickingServerMessage } from "../test/ticking-server.ts";

describe("closeGracefully on SIGTERM", () => {
  it("case 44: ends 1 000 streams under way, each told when to come back and none cut within a frame", async () => {
    const { child, next, exited } = await forkBundle<TickingServerMessage>(
      new URL("../test/ticking-server.ts", import.meta.url),
    );
    const started = await next();
    const port = "port" in started ? started.port : 0;
    const clients: RawClient[] = [];
    // A few at a time, since all at once are more than a server's backlog holds.
    while (clients.length < 1_000) {
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => rawClient(port, get())))));
    }
    await Promise.all(clients.map((client) => client.until(/"count":1,/)));
    child.kill("SIGTERM");
    const received = await Promise.all(clients.map((client) => client.closed));
    expect(await exited).toEqual({ code: 0, signal: null, stderr: "" });
    expect(await next()).toEqual({ forced: 0 });
    const retryMs = received.map((response) => {
      const body = dechunk(response);
      const frames = body.split(/(?<=\n\n)/);
      const last = frames.pop() ?? "";
      for (const [count, frame] of frames.entries()) {
        expect(frame).toMatch(/^event: message\ndata: \{"count":\d+,"text":"x{2000}"\}\n\n$/);
        expect(frame).toContain(`"count":${count},`);
      }
      return Number(/^retry: (\d+)\n$/.exec(last)?.[1]);
    });
    expect(Math.min(...retryMs)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retryMs)).toBeLessThanOrEqual(9_000);
    expect(new Set(retryMs).size).toBeGreaterThan(500);
  });
});

/** The body of a chunked response, which must be whole. */
function dechunk(response: string): string {
  let body = "";
  let at = response.indexOf("\r\n\r\n") + 4;
  for (;;) {
    const lineEnd = response.indexOf("\r\n", at);
    const size = Number.parseInt(response.slice(at, lineEnd), 16);
    const start = lineEnd + 2;
    expect(response.slice(start + size, start + size + 2)).toBe("\r\n");
    if (size === 0) return body;
    body += response.slice(start, start + size);
    at = start + size + 2;
  }
}
