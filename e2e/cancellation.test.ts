import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { grpcStreamToSse } from "@ssewire/adapter-grpc";
import { toNodeHandler } from "@ssewire/adapter-node";
import { MemoryEventLog, SSEManager, shareSource } from "@ssewire/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { cancelled, flood, serveProgress, type WatchCall } from "../packages/adapter-grpc/test/progress-server.ts";
import { findCurl } from "./find-component.ts";

const curlProgram = findCurl();

/** For how long a shared call goes on that nobody watches. */
const GRACE_MS = 400;

/** A BFF before a gRPC server, whose calls do what `serve` does with them; at `/shared` all clients have one call. */
async function startBff(
  serve: (call: WatchCall) => void,
  filling = "",
): Promise<{
  url: string;
  /** The next call that reaches the gRPC server. */
  nextCall: () => Promise<WatchCall>;
  /** Makes the client's channel connect. */
  warmUp: () => Promise<unknown>;
  /** Owns the streams. */
  manager: SSEManager;
}> {
  const calls: ((call: WatchCall) => void)[] = [];
  const grpc = await serveProgress((call) => {
    calls.shift()?.(call);
    serve(call);
  });
  const manager = new SSEManager();
  const openProgress = (): AsyncIterable<{ percent: number; filling: string }> =>
    grpcStreamToSse(
      ({ signal }) => grpc.client.watch({ task: "a" }, { signal }),
      ({ percent }) => ({ percent, filling }),
    );
  const share = shareSource({ start: openProgress, log: () => new MemoryEventLog(), graceMs: GRACE_MS });
  const handler = toNodeHandler((request) => {
    const progress = request.url.endsWith("/shared") ? share("a") : openProgress();
    return manager.createResponse(progress, { eventType: "progress", request });
  });
  const server = createServer(handler).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    nextCall: () => new Promise((resolve) => calls.push(resolve)),
    warmUp: () => grpc.client.get({}),
    manager,
  };
}

function curl(url: string): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(curlProgram.path ?? "curl", ["-sSNi", url], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const streams: Record<string, (call: WatchCall) => void> = {
  "silent from the start": () => undefined,
  "idle after a message": (call) => void call.write({ percent: 1 }),
  busy: (call) => void flood(call),
};

describe.skipIf(curlProgram.path === undefined)(`kill -9 of curl (${curlProgram.note})`, () => {
  describe.each(["cold", "warm"])("cancels the gRPC call within 200 ms, on a %s channel", (channel) => {
    it.each(Object.keys(streams))("for a stream that is %s", async (stream) => {
      const bff = await startBff((call) => streams[stream]?.(call));
      if (channel === "warm") await bff.warmUp();
      const reached = bff.nextCall();
      const client = curl(bff.url);
      const call = await reached;
      const isCancelled = cancelled(call);
      // The head has come through, so the stream is open for curl, too.
      const [head] = await once(client.stdout, "data");
      expect(String(head)).toContain("text/event-stream");
      const killedAt = performance.now();
      client.kill("SIGKILL");
      await isCancelled;
      expect(performance.now() - killedAt).toBeLessThan(200);
    });
  });
});

describe.skipIf(curlProgram.path === undefined)(`kill -9 of curl, where all share a call (${curlProgram.note})`, () => {
  // A busy one is not held back by any of its readers, and leaves those behind that are too slow.
  const quiet = Object.keys(streams).filter((stream) => stream !== "busy");

  it.each(quiet)("cancels it when nobody is left, for a stream that is %s", async (stream) => {
    const bff = await startBff((call) => streams[stream]?.(call));
    const reached = bff.nextCall();
    const clients = [curl(`${bff.url}shared`), curl(`${bff.url}shared`)];
    for (const { stdout } of clients) await once(stdout, "data");
    const call = await reached;
    const isCancelled = cancelled(call);
    clients.pop()?.kill("SIGKILL");
    await vi.waitUntil(() => bff.manager.size === 1, { timeout: 30_000, interval: 10 });
    expect(call.cancelled).toBe(false);
    const killedAt = performance.now();
    clients.pop()?.kill("SIGKILL");
    await isCancelled;
    const afterMs = performance.now() - killedAt;
    // A timer may fire a little early.
    expect(afterMs).toBeGreaterThan(GRACE_MS - 2);
    expect(afterMs).toBeLessThan(GRACE_MS + 200);
  });
});

describe.skipIf(curlProgram.path === undefined)(`a client that stops reading (${curlProgram.note})`, () => {
  it("stops the gRPC server's writes", async () => {
    let written = (): number => 0;
    const bff = await startBff((call) => {
      ({ written } = flood(call));
    }, "x".repeat(8_192));
    const reached = bff.nextCall();
    const client = curl(bff.url);
    await once(client.stdout, "data");
    await reached;
    client.kill("SIGSTOP");
    // As long as the pipe and the sockets take more, the count goes on; then it stands for as long as one looks.
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = written() === before;
          before = written();
          return stands;
        },
        { interval: 500, timeout: 30_000 },
      )
      .toBe(true);
    client.kill("SIGCONT");
    await expect.poll(() => written(), { timeout: 30_000 }).toBeGreaterThan(before);
  });
});
