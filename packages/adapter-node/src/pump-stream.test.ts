import { connect } from "node:net";
import { SSEManager } from "@ssewire/core";
import { EventSource, type MessageEvent } from "undici";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred } from "../test/deferred.ts";
import { expectNoWarnings } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closingBody, foreign, onWrite, sending } from "../test/sending-server.ts";
import { standstill } from "../test/standstill.ts";

describe("sendResponse: flow", () => {
  expectNoWarnings();

  it("sends what came before a failure that comes as soon, and cuts the connection then", async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        if (pulls > 1) throw new Error("source failed");
        controller.enqueue(new TextEncoder().encode("first"));
      },
    });
    const { port, errors } = await sending(() => new Response(body));
    const client = await rawClient(port, get());
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n5\r\nfirst\r\n$/s);
    expect(errors).toHaveLength(1);
  });

  it("case 1: sends the head of an idle stream before its first byte", async () => {
    const body = probeBody();
    const { url } = await sending(
      () => new Response(body.stream, { headers: { "content-type": "text/event-stream" } }),
    );
    const response = await fetch(url);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(body.cancelReasons).toEqual([]);
    await response.body?.cancel();
    await body.cancelled.promise;
  });

  it("case 1: an EventSource opens before the first event, and gets each as it comes", async () => {
    const body = probeBody();
    const { url } = await sending(
      () => new Response(body.stream, { headers: { "content-type": "text/event-stream" } }),
    );
    const events = new EventSource(url);
    await new Promise((resolve) => events.addEventListener("open", resolve));
    const message = new Promise<MessageEvent>((resolve) => events.addEventListener("message", resolve));
    body.push("data: hello\n\n");
    expect((await message).data).toBe("hello");
    events.close();
    await body.cancelled.promise;
  });

  it("sends each chunk as it comes, and settles after the end", async () => {
    const body = probeBody();
    const { port, settled, errors } = await sending(() => new Response(body.stream));
    const client = await rawClient(port, get());
    await body.idle.promise;
    body.push("one");
    await client.until(/3\r\none\r\n$/);
    body.push("two");
    await client.until(/3\r\ntwo\r\n$/);
    body.close();
    await client.until(/\r\n0\r\n\r\n$/);
    await settled[0];
    expect(errors).toEqual([]);
    expect(body.cancelReasons).toEqual([]);
  });

  it("case 3: cancels and settles when the client leaves while a write waits for drain", async () => {
    const body = probeBody(endless(new Uint8Array(16_384)));
    const held = deferred();
    const { port, settled } = await sending((res) => {
      onWrite(res, (ready) => !ready && held.resolve());
      return new Response(body.stream);
    });
    const client = await rawClient(port, get(), { paused: true });
    await held.promise;
    client.socket.resetAndDestroy();
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    expect(body.cancelReasons).toHaveLength(1);
  });

  it("says nothing of a body that gave its stalled client up, as core does, when that client then leaves", async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        start(given) {
          controller = given;
        },
        pull(given) {
          pulls += 1;
          given.enqueue(new Uint8Array(16_384));
        },
      },
      { highWaterMark: 0 },
    );
    const { port, settled, errors } = await sending(() => new Response(body));
    const client = await rawClient(port, get(), { paused: true });
    await standstill(() => pulls);
    controller?.error(new DOMException("The reader took nothing for 30000 ms", "TimeoutError"));
    client.socket.resetAndDestroy();
    await settled[0];
    expect(errors).toEqual([]);
  });

  it("case 10: keeps at most the high water mark and 16 KiB for a client that does not read", async () => {
    const body = probeBody(Array.from({ length: 64 }, () => new Uint8Array(100_000)));
    const held = deferred();
    let highest = 0;
    let writesWhileHeld = 0;
    let highWaterMark = 0;
    const { port, settled } = await sending((res) => {
      highWaterMark = res.writableHighWaterMark;
      onWrite(
        res,
        (ready) => {
          highest = Math.max(highest, res.writableLength);
          if (!ready) held.resolve();
        },
        () => {
          if (res.writableNeedDrain) writesWhileHeld += 1;
        },
      );
      return new Response(body.stream);
    });
    const client = await rawClient(port, get(), { paused: true });
    await held.promise;
    const pullsWhileHeld = body.pulls();
    client.socket.resume();
    await body.idle.promise;
    body.close();
    await settled[0];
    expect(pullsWhileHeld).toBeLessThan(64);
    expect(writesWhileHeld).toBe(0);
    // A chunk of HTTP/1 carries its length and two line ends besides.
    expect(highest).toBeLessThanOrEqual(highWaterMark + 16_384 + 16);
  });

  it.each([
    ["large", 16_384, 64],
    ["tiny", 1, 4096],
    ["empty", 0, 4096],
    ["one huge", 1_048_576, 1],
  ])(
    "case 11: leaves other work its turn while %s chunks are always ready and always taken",
    async (_, size, count) => {
      const body = probeBody(Array.from({ length: count }, () => new Uint8Array(size)));
      let turns = 0;
      let over = false;
      const countTurns = (): void => {
        if (over) return;
        turns += 1;
        setImmediate(countTurns);
      };
      const turnsTaken = deferred<number>();
      void body.idle.promise.then(() => turnsTaken.resolve(turns));
      const { port, settled } = await sending((res) => {
        // A client that is never behind; a real one in this process would itself need turns.
        res.write = () => true;
        setImmediate(countTurns);
        return new Response(body.stream);
      });
      const client = await rawClient(port, get());
      expect(await turnsTaken.promise).toBeGreaterThanOrEqual(3);
      over = true;
      client.socket.destroy();
      await settled[0];
    },
  );

  it("case 11: answers another request of the same server while 100 MB are always ready", async () => {
    const chunk = new Uint8Array(16_384);
    const { port } = await sending((res) => {
      if (res.req.url === "/other") return new Response("other");
      return new Response(probeBody(Array.from({ length: 6_400 }, () => chunk)).stream);
    });
    const fast = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void fast.destroy());
    let takenBytes = 0;
    const flowing = deferred();
    fast.on("data", (data) => {
      takenBytes += data.byteLength;
      flowing.resolve();
    });
    const other = await rawClient(port);
    fast.write(get("/flood"));
    await flowing.promise;
    other.socket.write(get("/other"));
    await other.until(/other/);
    expect(takenBytes).toBeLessThan(6_400 * chunk.byteLength);
  });

  it("case 45: gives up a client that takes nothing for writeTimeoutMs", async () => {
    const body = probeBody(endless(new Uint8Array(16_384)));
    const { port, settled, errors } = await sending(() => new Response(body.stream), { writeTimeoutMs: 50 });
    const client = await rawClient(port, get(), { paused: true });
    const reason = await body.cancelled.promise;
    await settled[0];
    expect(reason).toMatchObject({ name: "AbortError", message: "The client took nothing for 50 ms" });
    expect(errors).toEqual([]);
    client.socket.resume();
    expect(await client.closed).not.toContain("\r\n0\r\n\r\n");
  });

  it("case 45: gives up a client that does not take the end", async () => {
    const { port, settled } = await sending(
      (res) => {
        // As if everything fitted: only the end has to wait.
        const write = res.write.bind(res);
        res.write = (chunk: unknown) => write(chunk) || true;
        return new Response(closingBody([new Uint8Array(16 * 1024 * 1024)]));
      },
      { writeTimeoutMs: 50 },
    );
    const client = await rawClient(port, get(), { paused: true });
    await vi.waitFor(() => expect(settled).toHaveLength(1));
    await settled[0];
    client.socket.resume();
    expect(await client.closed).not.toContain("\r\n0\r\n\r\n");
  });
});

describe("sendResponse: bodies", () => {
  expectNoWarnings();

  it("case 34: writes text, bytes and Buffers, and passes over empty chunks", async () => {
    const text = new ReadableStream<unknown>({
      start(controller) {
        for (const chunk of ["", "é", Buffer.from("b"), new Uint8Array(0), "c"]) controller.enqueue(chunk);
        controller.close();
      },
    });
    const sizes: number[] = [];
    const { url } = await sending((res) => {
      onWrite(res, (_ready, chunk) => sizes.push(chunk.byteLength));
      return foreign({ body: text });
    });
    expect(await (await fetch(url)).text()).toBe("ébc");
    // On HTTP/2 an empty one would be a frame, and too many of these look like an attack.
    expect(sizes).toEqual([2, 1, 1]);
  });

  it.each([
    ["object", {}],
    ["number", 1],
    ["null", null],
    ["undefined", undefined],
  ])("case 34: refuses a chunk that is %s, cancels, and cuts the connection", async (name, chunk) => {
    const cancelled = deferred<unknown>();
    const body = new ReadableStream<unknown>({
      start: (controller) => controller.enqueue(chunk),
      cancel: (reason) => cancelled.resolve(reason),
    });
    const { port, errors, settled } = await sending(() => foreign({ body }));
    const client = await rawClient(port, get());
    expect(await client.closed).not.toContain("0\r\n\r\n");
    await settled[0];
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ name: "TypeError", message: expect.stringContaining(`yielded ${name}`) });
    expect(await cancelled.promise).toBe(errors[0]);
  });

  it("case 35: leaves multi-byte text as it is, across chunks and writes", async () => {
    const text = "data: 日本語 \u{1F600} \uFFFD\n\n".repeat(2_000);
    const bytes = new TextEncoder().encode(text);
    const { url } = await sending(() => new Response(closingBody([bytes.subarray(0, 7), bytes.subarray(7)])));
    expect(await (await fetch(url)).text()).toBe(text);
  });

  it.each([
    ["in text", () => foreign({ body: closingStrings(["data: a\uD800b\n\n", "data: \u{1F600}\n\n"]) })],
    ["in an event", () => SSEManager.createResponse(["a\uD800b", "\u{1F600}"], { serialize: String, retryMs: 1 })],
  ])("case 35: a lone surrogate %s becomes U+FFFD, and pairs stay whole", async (_, make) => {
    const { url } = await sending(make);
    const text = await (await fetch(url)).text();
    expect(text.match(/(?<=data: ).*/g)).toEqual(["a\uFFFDb", "\u{1F600}"]);
  });

  it("case 36: sends a clone, both branches of a tee, a piped and a wrapped body", async () => {
    const makers = [
      () => new Response(closingBody(["x"])).clone(),
      () => new Response(new Response(closingBody(["x"])).body?.tee()[1] ?? null),
      () => new Response(closingBody(["x"]).pipeThrough(new TransformStream())),
      () => new Response(new Response(closingBody(["x"])).body),
    ];
    const { url, errors } = await sending(() => makers.shift()?.() ?? Response.error());
    for (const _ of [...makers]) expect(await (await fetch(url)).text()).toBe("x");
    expect(errors).toEqual([]);
  });
});

/** A body of text, as some polyfills have it. */
function closingStrings(chunks: string[]): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
