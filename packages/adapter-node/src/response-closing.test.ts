import type { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { deferred, nextTurn } from "../test/deferred.ts";
import { aborted, handling } from "../test/handling-server.ts";
import { expectNoWarnings } from "../test/local-server.ts";
import { endless, probeBody, streamFrom } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";

/** Records what `signal` tells, in one list with what else happens. */
function watch(signal: AbortSignal, log: string[]): void {
  signal.addEventListener("abort", () => log.push("abort"));
}

describe("toNodeHandler: disconnect", () => {
  expectNoWarnings();

  it("case 2: aborts the signal, then cancels the body, once each and for the same reason", async () => {
    const log: string[] = [];
    const body = probeBody();
    void body.cancelled.promise.then(() => log.push("cancel"));
    let signal: AbortSignal | undefined;
    const { port, settled, errors } = await handling((request) => {
      signal = request.signal;
      watch(signal, log);
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    client.socket.destroy();
    const reason = await body.cancelled.promise;
    await settled[0];
    expect(reason).toBeInstanceOf(DOMException);
    expect(reason).toMatchObject({ name: "AbortError" });
    expect(signal?.reason).toBe(reason);
    expect(body.cancelReasons).toHaveLength(1);
    expect(log).toEqual(["abort", "cancel"]);
    expect(errors).toEqual([]);
  });

  it("case 4: cancels while a pull is pending", async () => {
    const cancelled = deferred<unknown>();
    const pulled = deferred();
    const stream = new ReadableStream({
      pull() {
        pulled.resolve();
        return new Promise<void>(() => undefined);
      },
      cancel: (reason) => cancelled.resolve(reason),
    });
    const { port, settled } = await handling(() => new Response(stream));
    const client = await rawClient(port, get());
    await pulled.promise;
    client.socket.destroy();
    expect(await cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
  });

  it.each([
    ["GET", get()],
    ["POST whose body was read", "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\nhi"],
  ])("case 5: takes a half close for a disconnect (%s)", async (_, request) => {
    const body = probeBody();
    const { port, settled } = await handling(async (incoming) => {
      await incoming.text();
      return new Response(body.stream);
    });
    const client = await rawClient(port, request);
    await client.until(/\r\n\r\n$/);
    client.socket.end();
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
  });

  it("case 5: takes the half close of a client that does not read for a disconnect", async () => {
    const body = probeBody(endless(new Uint8Array(16_384)));
    const held = deferred();
    const { port, settled } = await handling((_request, { res }) => {
      const write: Writable["write"] = res.write.bind(res);
      res.write = (chunk: Uint8Array) => {
        const ready = write(chunk);
        if (!ready) held.resolve();
        return ready;
      };
      return new Response(body.stream);
    });
    const client = await rawClient(port, get(), { paused: true });
    await held.promise;
    client.socket.end();
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    client.socket.resume();
    await client.closed;
  });

  it("case 6: takes a reset for a disconnect", async () => {
    const body = probeBody();
    const { port, settled } = await handling(() => new Response(body.stream));
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    client.socket.resetAndDestroy();
    await body.cancelled.promise;
    await settled[0];
  });

  it("case 7: cancels the body of a handler that returns after the client left", async () => {
    const entered = deferred();
    const finallyRan = deferred();
    async function* source(): AsyncGenerator<string> {
      try {
        yield "one";
        yield "two";
      } finally {
        finallyRan.resolve();
      }
    }
    const { port, settled, errors } = await handling(async ({ signal }) => {
      const events = source();
      await events.next();
      entered.resolve();
      await aborted(signal);
      return new Response(streamFrom(events));
    });
    const client = await rawClient(port, get());
    await entered.promise;
    client.socket.destroy();
    await finallyRan.promise;
    await settled[0];
    expect(errors).toEqual([]);
  });

  it("case 8: never starts a body whose client is gone already", async () => {
    const body = probeBody(["one"]);
    let reason: unknown;
    const { port, settled } = await handling(async ({ signal }) => {
      await aborted(signal);
      reason = signal.reason;
      await nextTurn();
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    client.socket.destroy();
    expect(await body.cancelled.promise).toBe(reason);
    await settled[0];
    expect(body.pulls()).toBe(0);
  });

  it("case 9: neither aborts nor cancels after a normal end, 40 times on one connection", async () => {
    const log: string[] = [];
    const bodies: ReturnType<typeof probeBody>[] = [];
    const { server, port, settled } = await handling(({ signal }) => {
      watch(signal, log);
      const body = probeBody(["x"]);
      void body.idle.promise.then(body.close);
      bodies.push(body);
      return new Response(body.stream);
    });
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const client = await rawClient(port);
    for (let count = 1; count <= 40; count += 1) {
      client.socket.write(get());
      await client.until((received) => received.split("\r\n0\r\n\r\n").length > count);
    }
    client.socket.destroy();
    await Promise.all(settled);
    await nextTurn();
    expect(connections).toBe(1);
    expect(log).toEqual([]);
    expect(bodies.flatMap((body) => body.cancelReasons)).toEqual([]);
  });

  it("case 9: does not abort when the client leaves between the end and its delivery", async () => {
    let signal: AbortSignal | undefined;
    const ended = deferred();
    const { port, settled } = await handling((request, { res }) => {
      signal = request.signal;
      // As if everything fitted, so that the end comes while all of it still waits.
      const write: Writable["write"] = res.write.bind(res);
      res.write = (chunk: Uint8Array) => write(chunk) || true;
      const body = probeBody([new Uint8Array(16 * 1024 * 1024)]);
      void body.idle.promise
        .then(body.close)
        .then(nextTurn)
        .then(() => ended.resolve());
      return new Response(body.stream);
    });
    const client = await rawClient(port, get(), { paused: true });
    await ended.promise;
    client.socket.resetAndDestroy();
    await settled[0];
    expect(signal?.aborted).toBe(false);
  });

  it("case 48: lets the aborted signal run the finally of a source parked in an await", async () => {
    const finallyRan = deferred();
    const parked = deferred();
    async function* source(signal: AbortSignal): AsyncGenerator<string> {
      try {
        parked.resolve();
        await aborted(signal);
        yield "never sent";
      } finally {
        finallyRan.resolve();
      }
    }
    const { port, settled } = await handling(({ signal }) => new Response(streamFrom(source(signal))));
    const client = await rawClient(port, get());
    await parked.promise;
    client.socket.destroy();
    await finallyRan.promise;
    await settled[0];
  });
});

describe("toNodeHandler: pipelining", () => {
  expectNoWarnings();

  const post = "POST /second HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\nhi";

  it.each([
    ["a GET, destroy", get("/second"), "destroy"],
    ["a POST whose body was read, destroy", post, "destroy"],
    ["a GET, half close", get("/second"), "end"],
  ] as const)("case 30: cancels both of two pipelined streams (second is %s)", async (_, second, leave) => {
    const first = probeBody();
    const queued = probeBody(endless(new Uint8Array(16_384)));
    const secondRuns = deferred();
    const { port, settled } = await handling(async (request) => {
      await request.text();
      if (!request.url.endsWith("/second")) return new Response(first.stream);
      secondRuns.resolve();
      return new Response(queued.stream);
    });
    const client = await rawClient(port, get("/first") + second);
    await secondRuns.promise;
    await client.until(/\r\n\r\n$/);
    client.socket[leave]();
    expect(await first.cancelled.promise).toMatchObject({ name: "AbortError" });
    expect(await queued.cancelled.promise).toMatchObject({ name: "AbortError" });
    await Promise.all(settled);
  });

  it("settles a complete response that was still queued when the connection closed", async () => {
    const first = probeBody();
    const { port, settled } = await handling((request) =>
      request.url.endsWith("/second") ? new Response("done") : new Response(first.stream),
    );
    const client = await rawClient(port, get("/first") + get("/second"));
    await client.until(/\r\n\r\n$/);
    await expect.poll(() => settled.length).toBe(2);
    client.socket.destroy();
    await Promise.all(settled);
  });

  it("case 31: sends a response queued behind a finishing one whole and in order", async () => {
    const first = probeBody(["one"]);
    const second = probeBody(["two"]);
    void second.idle.promise.then(() => second.close());
    const { port, settled } = await handling((request) =>
      request.url.endsWith("/second") ? new Response(second.stream) : new Response(first.stream),
    );
    const client = await rawClient(port, get("/first") + get("/second"));
    await second.idle.promise;
    await client.until(/one/);
    first.push("more");
    first.close();
    const received = await client.until(/two\r\n0\r\n\r\n$/);
    expect(received).toMatch(/one\r\n4\r\nmore\r\n0\r\n\r\nHTTP\/1\.1 200 OK.*\r\n\r\n3\r\ntwo\r\n0\r\n\r\n$/s);
    await Promise.all(settled);
  });

  it("does not take a response for stalled that is queued behind a live one", async () => {
    const first = probeBody();
    const queued = probeBody(endless(new Uint8Array(16_384)));
    const { port } = await handling(
      (request) => (request.url.endsWith("/second") ? new Response(queued.stream) : new Response(first.stream)),
      { writeTimeoutMs: 20 },
    );
    const client = await rawClient(port, get("/first") + get("/second"));
    await client.until(/\r\n\r\n$/);
    for (let tick = 0; tick < 5; tick += 1) {
      // A timer of the same length, started later, fires later.
      await new Promise((resolve) => setTimeout(resolve, 20));
      first.push(`tick ${tick}`);
    }
    await client.until(/tick 4/);
    expect(queued.cancelReasons).toEqual([]);
  });
});
