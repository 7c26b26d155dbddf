import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { deferred } from "../test/deferred.ts";
import { aborted, handling } from "../test/handling-server.ts";
import { expectNoWarnings } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { onWrite, sending } from "../test/sending-server.ts";
import { standstill } from "../test/standstill.ts";

const chunk = new Uint8Array(16_384);

/** Settles when `socket` has closed. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });

describe("toNodeHandler: dead peers", () => {
  expectNoWarnings();

  it.each([
    ["a FIN", (socket: Socket) => socket.end()],
    ["a reset", (socket: Socket) => socket.resetAndDestroy()],
  ])("case 7: hears of %s before the head, and sends nothing", async (_, leave) => {
    const entered = deferred();
    const body = probeBody(["never sent"]);
    const { port, settled, errors } = await handling(async ({ signal }) => {
      entered.resolve();
      await aborted(signal);
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    await entered.promise;
    leave(client.socket);
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    expect(await client.closed).toBe("");
    expect(body.pulls()).toBe(0);
    expect(errors).toEqual([]);
  });

  it("case 5: takes the half close of a client that has sent a body, and does not read, for a disconnect", async () => {
    const body = probeBody(endless(chunk));
    const { port, settled } = await handling(
      async (request) => {
        expect(await request.text()).toBe("hi");
        return new Response(body.stream);
      },
      { writeTimeoutMs: false },
    );
    const request = "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\nhi";
    const client = await rawClient(port, request, { paused: true });
    await standstill(body.pulls);
    client.socket.end();
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    client.socket.resume();
    await client.closed;
  });

  it("case 45: destroys the socket of a client that never reads, writeTimeoutMs after the last byte it took", async () => {
    const body = probeBody(endless(chunk));
    const accepted = deferred<Socket>();
    const { port, settled } = await handling(
      (_request, { req }) => {
        accepted.resolve(req.socket);
        return new Response(body.stream);
      },
      { writeTimeoutMs: 50 },
    );
    await rawClient(port, get(), { paused: true });
    expect(await body.cancelled.promise).toMatchObject({ message: "The client took nothing for 50 ms" });
    await settled[0];
    await closed(await accepted.promise);
  });

  it("case 45: destroys the socket of one that reads a byte at a time", async () => {
    const body = probeBody(endless(chunk));
    const { port, settled } = await handling(() => new Response(body.stream), { writeTimeoutMs: 100 });
    const { socket } = await rawClient(port, get(), { paused: true });
    const reading = setInterval(() => socket.read(1), 5);
    expect(await body.cancelled.promise).toMatchObject({ message: "The client took nothing for 100 ms" });
    clearInterval(reading);
    await settled[0];
  });

  it("reads nothing more for a client that stops reading, while others are served", async () => {
    let pulledBytes = 0;
    const held = deferred();
    const stalled = deferred<{ bytesHeld: () => number; highWaterMark: number }>();
    const flood = (): ReadableStream<Uint8Array> =>
      new ReadableStream(
        {
          pull(controller) {
            pulledBytes += chunk.byteLength;
            controller.enqueue(chunk);
          },
        },
        { highWaterMark: 0 },
      );
    const { port, url } = await sending((res) => {
      if (res.req.url !== "/flood") return new Response(probeBody(Array(64).fill(chunk)).stream);
      onWrite(res, (ready) => !ready && held.resolve());
      const { socket } = res.req;
      stalled.resolve({
        // What was taken from the source and not by the system.
        bytesHeld: () => pulledBytes - (socket.bytesWritten - socket.writableLength),
        highWaterMark: res.writableHighWaterMark,
      });
      return new Response(flood());
    });
    await rawClient(port, get("/flood"), { paused: true });
    await held.promise;
    const { bytesHeld, highWaterMark } = await stalled.promise;
    const pulledBefore = await standstill(() => pulledBytes);
    expect(bytesHeld()).toBeLessThanOrEqual(highWaterMark + 16_384);
    for (let other = 0; other < 20; other += 1) {
      const reader = (await fetch(url)).body?.getReader();
      let bytes = 0;
      while (bytes < 64 * chunk.byteLength) bytes += (await reader?.read())?.value?.byteLength ?? 0;
      await reader?.cancel();
    }
    expect(pulledBytes).toBe(pulledBefore);
  });
});
