import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { StreamClient } from "./stream-client.ts";

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer((req, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream" });
    listener(req, res);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port }: Partial<AddressInfo> = Object(server.address());
  return port ?? 0;
}

function read(port: number, parsed: boolean): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const onProgress = (client: StreamClient): void => {
      if (client.isEnded) resolve(client);
    };
    new StreamClient({ port, parsed, onProgress, onError: reject });
  });
}

const event = (sequence: number): string => `event: progress\ndata: {"sequence":${sequence}}\n\n`;

describe("StreamClient", () => {
  it.each([true, false])("counts events, however they are cut (parsed: %s)", async (parsed) => {
    const port = await serve((_req, res) => {
      res.write(event(1) + event(2).slice(0, -1));
      res.write(`\n${event(3)}`);
      res.end();
    });
    expect((await read(port, parsed)).events).toBe(3);
  });

  it("has the same digest whatever the spelling, and another one for other events", async () => {
    const written = [
      event(1) + event(2),
      'id: 7\nevent:progress\ndata:{"sequence":1}\n\n:\ndata:{"sequence":2}\nevent:progress\n\n',
      event(1) + event(3),
    ];
    const ports = await Promise.all(written.map((text) => serve((_req, res) => res.end(text))));
    const [first, spelled, other] = await Promise.all(ports.map(async (port) => (await read(port, true)).digest()));
    expect(spelled).toBe(first);
    expect(other).not.toBe(first);
  });

  it("has the digest of the last event when events are only counted", async () => {
    const ports = await Promise.all(
      [event(1) + event(2), event(9) + event(2), event(1) + event(3)].map((text) =>
        serve((_req, res) => res.end(text)),
      ),
    );
    const [first, same, other] = await Promise.all(ports.map(async (port) => (await read(port, false)).digest()));
    expect(same).toBe(first);
    expect(other).not.toBe(first);
  });

  it("counts comments", async () => {
    const port = await serve((_req, res) => res.end(": heartbeat\n\n:\n\n: heartbeat\n"));
    expect(await read(port, true)).toMatchObject({ events: 0, comments: 3 });
  });

  it("measures how long an event took", async () => {
    const sentAtUs = Number(process.hrtime.bigint() / 1_000n) - 5_000;
    const port = await serve((_req, res) => res.end(`data: {"sentAtUs":${sentAtUs}}\n\n`));
    const { latencies } = await read(port, true);
    expect(latencies).toHaveLength(1);
    expect(latencies[0]).toBeGreaterThanOrEqual(5_000);
  });

  it("fails when a stream is cut", async () => {
    const port = await serve((_req, res) => {
      res.write(event(1), () => res.destroy());
    });
    await expect(read(port, true)).rejects.toThrow("The stream was cut after 1 events");
  });
});
