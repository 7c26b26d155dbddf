import { type CloseReport, createEventStream, type EventStreamOptions, SSEManager } from "@ssewire/core";
import { describe, expect, it, vi } from "vitest";
import { expectNoWarnings } from "../test/local-server.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { onWrite, sending } from "../test/sending-server.ts";
import { pushSourceOf } from "./push-body.ts";

/** As it is, the body is pushed; piped through something, it is read like any other. */
const WAYS: [string, (response: Response) => Response][] = [
  ["pushed", (response) => response],
  ["read", (response) => new Response(response.body?.pipeThrough(new TransformStream()) ?? null, response)],
];

const events = (values: Iterable<unknown>, options: EventStreamOptions = {}): Response =>
  SSEManager.createResponse(values, { openingMs: false, ...options });

/** The body of a chunked answer. */
function dechunked(received: string): string {
  let rest = received.slice(received.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (;;) {
    const end = rest.indexOf("\r\n");
    const length = Number.parseInt(rest.slice(0, end), 16);
    if (!(length > 0)) return body;
    body += rest.slice(end + 2, end + 2 + length);
    rest = rest.slice(end + 4 + length);
  }
}

expectNoWarnings();

describe.each(WAYS)("sendResponse, an event stream that is %s", (_way, prepare) => {
  it("case 35: puts the same bytes on the wire, small events and large, multi-byte text and lone surrogates", async () => {
    const values = ["日本語 \u{1F600}", "a\uD800b", "x".repeat(100_000), "é".repeat(40_000), ...Array(2_000).keys()];
    const { url } = await sending(() => prepare(events(values)));
    const expected = await new Response(createEventStream<unknown>(values)).text();
    expect(await (await fetch(url)).text()).toBe(expected);
  });

  it("makes one write of the head, of events that are ready, and of an end that comes as soon", async () => {
    const writes: number[] = [];
    const { url } = await sending((res) => {
      const { socket } = res;
      if (socket === null) throw new Error("It is answered at once");
      const one = vi.spyOn(socket, "_write");
      const several = vi.spyOn(socket, "_writev");
      res.once("close", () => writes.push(one.mock.calls.length + several.mock.calls.length));
      return prepare(events([1, 2, 3]));
    });
    expect(await (await fetch(url)).text()).toBe(
      "data: 1\n\ndata: 2\n\ndata: 3\n\n".replaceAll("data", "event: message\ndata"),
    );
    await vi.waitUntil(() => writes.length > 0);
    expect(writes).toEqual([1]);
  });

  it("case 10: never has more than the high water mark and 16 KiB waiting for a client that does not read", async () => {
    let most = 0;
    const { port } = await sending((res) => {
      onWrite(res, () => {
        most = Math.max(most, res.writableLength - res.writableHighWaterMark);
      });
      return prepare(events(Array(60).fill("x".repeat(100_000))));
    });
    const client = await rawClient(port, get("/", "connection: close\r\n"), { paused: true });
    await vi.waitUntil(() => most > 0, { timeout: 20_000 });
    client.socket.resume();
    expect(dechunked(await client.closed).length).toBeGreaterThan(6_000_000);
    expect(most).toBeLessThanOrEqual(16 * 1024 + 32);
  });

  it("case 4: cancels with the shared AbortError when the client leaves while the source is waited for", async () => {
    const reports: CloseReport[] = [];
    let signal: AbortSignal | undefined;
    const { port, settled } = await sending(() =>
      prepare(
        SSEManager.createResponse(
          async function* (context: { signal: AbortSignal }) {
            signal = context.signal;
            yield 1;
            await new Promise(() => undefined);
          },
          { onClose: (report) => void reports.push(report) },
        ),
      ),
    );
    const client = await rawClient(port, get());
    await client.until(/data: 1/);
    client.socket.resetAndDestroy();
    await settled[0];
    await vi.waitUntil(() => reports.length > 0);
    expect(reports).toMatchObject([{ reason: "cancelled", events: 1 }]);
    expect(signal?.reason).toMatchObject({ name: "AbortError" });
  });

  it("sends what is ready when the stream is drained, and ends", async () => {
    const manager = new SSEManager();
    const { url } = await sending(() =>
      prepare(
        manager.createResponse(
          async function* (context: { signal: AbortSignal }) {
            yield "x".repeat(50_000);
            await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
          },
          { openingMs: false },
        ),
      ),
    );
    const response = await fetch(url);
    const text = response.text();
    await vi.waitUntil(() => manager.size === 1);
    await manager.drain({ retryMs: [7, 7] });
    expect((await text).replace(/x+/, "x")).toMatch(/^(event: message\ndata: "x"\n\n)?retry: 7\n$/);
  });

  it("ends an empty stream without a byte", async () => {
    const { url } = await sending(() => prepare(events([])));
    expect(await (await fetch(url)).text()).toBe("");
  });

  it("sends an opened response with what was peeked", async () => {
    const opened = await SSEManager.openResponse([1, 2], { openingMs: false });
    const { url } = await sending(() => prepare(opened));
    expect(await (await fetch(url)).text()).toBe("event: message\ndata: 1\n\nevent: message\ndata: 2\n\n");
  });
});

describe("sendResponse, an event stream that is pushed", () => {
  // One that is read is not asked while the client is waited for: there `writeTimeoutMs` sees to it.
  it("case 45: resets the connection of a client that the stream gave up", async () => {
    const reports: CloseReport[] = [];
    const { port, errors, settled } = await sending(
      () =>
        events(Array(2_000).fill("x".repeat(10_000)), {
          stallTimeoutMs: 50,
          onClose: (report) => void reports.push(report),
        }),
      { writeTimeoutMs: false },
    );
    const client = await rawClient(port, get(), { paused: true });
    await vi.waitUntil(() => reports.length > 0);
    await settled[0];
    expect(reports).toMatchObject([{ reason: "stalled" }]);
    expect(errors).toMatchObject([{ name: "TimeoutError" }]);
    client.socket.resume();
    expect((await client.closed).endsWith("0\r\n\r\n")).toBe(false);
  });
});

describe("pushSourceOf", () => {
  it("finds it on the body of a response, also of one made from that body", () => {
    const response = events([1]);
    expect(response.body && pushSourceOf(response.body)).toMatchObject({ version: 1, isIdle: true });
    const again = new Response(response.body);
    expect(again.body && pushSourceOf(again.body)).toBeDefined();
  });

  it("finds none on a clone, a tee, a pipe, another stream, or of another version", () => {
    for (const branch of createEventStream([1]).tee()) expect(pushSourceOf(branch)).toBeUndefined();
    const { body } = events([1]).clone();
    expect(body && pushSourceOf(body)).toBeUndefined();
    expect(pushSourceOf(createEventStream([1]).pipeThrough(new TransformStream()))).toBeUndefined();
    expect(pushSourceOf(new ReadableStream())).toBeUndefined();
    const later = Object.assign(new ReadableStream(), {
      [Symbol.for("ssewire.pushSource")]: { version: 2, isIdle: true },
    });
    expect(pushSourceOf(later)).toBeUndefined();
  });

  it("finds none once the body was read or cancelled", async () => {
    const cancelled = createEventStream([1]);
    await cancelled.cancel();
    expect(pushSourceOf(cancelled)).toBeUndefined();

    const stream = createEventStream([1, 2]);
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    expect(pushSourceOf(stream)).toBeUndefined();
  });

  it("locks the body, so that nobody reads it besides", async () => {
    const response = events([1]);
    const { url } = await sending(() => response);
    await (await fetch(url)).text();
    expect(response.body?.locked).toBe(true);
  });
});
