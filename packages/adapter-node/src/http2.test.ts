import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import { deferred, nextTurn } from "../test/deferred.ts";
import { expectNoWarnings, serveHttp2 } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { closingBody } from "../test/sending-server.ts";
import { type ToNodeHandlerOptions, toNodeHandler, type WebHandler } from "./to-node-handler.ts";

async function handling(handler: WebHandler, options: ToNodeHandlerOptions = {}) {
  const errors: unknown[] = [];
  const settled: Promise<void>[] = [];
  const listener = toNodeHandler(handler, { onError: (error) => errors.push(error), ...options });
  const local = await serveHttp2((req, res) => void settled.push(listener(req, res)));
  /** Sends a request and waits for what comes of it. */
  const request = (fields: Record<string, string> = {}, body?: Uint8Array | string) => {
    const stream = local.session.request(fields, { endStream: body === undefined });
    const head = deferred<Record<string, unknown>>();
    let text = "";
    let ended = false;
    stream.setEncoding("utf8");
    stream.on("response", (headers) => head.resolve(headers));
    stream.on("data", (chunk: string) => {
      text += chunk;
    });
    stream.on("end", () => {
      ended = true;
    });
    // Told again by 'close'.
    stream.on("error", () => undefined);
    const closed = new Promise<{ code: number | undefined; text: string; ended: boolean }>((resolve) =>
      stream.once("close", () => resolve({ code: stream.rstCode, text, ended })),
    );
    if (body !== undefined) stream.write(body);
    return { stream, head: head.promise, closed };
  };
  return { ...local, errors, settled, request };
}

describe("toNodeHandler over HTTP/2", () => {
  expectNoWarnings();

  it("sends head, chunks and end, and neither aborts nor cancels after a normal end (case 28)", async () => {
    const body = probeBody(["one"]);
    let signal: AbortSignal | undefined;
    const { request, settled, errors, port } = await handling((incoming) => {
      signal = incoming.signal;
      return new Response(body.stream, { headers: { "x-url": incoming.url } });
    });
    const exchange = request({ ":path": "/p?q" });
    const head = await exchange.head;
    expect(head[":status"]).toBe(200);
    expect(head["x-url"]).toBe(`http://127.0.0.1:${port}/p?q`);
    await body.idle.promise;
    body.push("two");
    body.close();
    expect(await exchange.closed).toEqual({ code: constants.NGHTTP2_NO_ERROR, text: "onetwo", ended: true });
    await settled[0];
    expect(signal?.aborted).toBe(false);
    expect(body.cancelReasons).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("case 1: sends the head of an idle stream before its first byte", async () => {
    const body = probeBody();
    const { request } = await handling(() => new Response(body.stream));
    expect((await request().head)[":status"]).toBe(200);
  });

  it("case 27: drops connection fields, which HTTP/2 forbids", async () => {
    const headers = {
      connection: "x-a",
      "keep-alive": "timeout=9",
      "transfer-encoding": "chunked",
      upgrade: "h2c",
      te: "trailers",
      "proxy-connection": "close",
      "http2-settings": "x",
      "x-a": "1",
    };
    const { request } = await handling(() => new Response("x", { headers, statusText: "Fine" }));
    const exchange = request();
    expect(await exchange.head).toMatchObject({ ":status": 200, "x-a": "1" });
    expect(Object.keys(await exchange.head)).not.toEqual(expect.arrayContaining(["connection"]));
    expect((await exchange.closed).text).toBe("x");
  });

  it("case 24: adds cookies to those set before", async () => {
    const { request } = await handling((_request, { res }) => {
      res.setHeader("set-cookie", ["a=1"]);
      const headers = new Headers();
      headers.append("set-cookie", "b=2");
      headers.append("set-cookie", "c=3");
      return new Response("x", { headers });
    });
    expect((await request().head)["set-cookie"]).toEqual(["a=1", "b=2", "c=3"]);
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 205],
    ["GET", 304],
  ])("case 12, 13: ends %s with status %i without a body", async (method, status) => {
    const body = probeBody(endless("x"));
    const { request } = await handling(() =>
      status === 200 ? new Response(body.stream) : new Response(null, { status }),
    );
    const exchange = request({ ":method": method });
    expect((await exchange.head)[":status"]).toBe(status);
    expect(await exchange.closed).toMatchObject({ code: constants.NGHTTP2_NO_ERROR, text: "" });
    if (status === 200) await body.cancelled.promise;
  });

  it.each([
    ["before the first chunk", []],
    ["after chunks", ["one"]],
  ])("case 18: resets with INTERNAL_ERROR when the body fails %s", async (_, chunks) => {
    const failure = new Error("secret");
    const body = probeBody(chunks);
    const { request, errors, settled } = await handling(() => new Response(body.stream));
    const exchange = request();
    await exchange.head;
    if (chunks.length > 0) await new Promise((resolve) => exchange.stream.once("data", resolve));
    await body.idle.promise;
    body.fail(failure);
    expect(await exchange.closed).toMatchObject({ code: constants.NGHTTP2_INTERNAL_ERROR, text: chunks.join("") });
    await settled[0];
    expect(errors).toEqual([failure]);
  });

  it("case 14, 22: answers an empty 500 before the head", async () => {
    const { request, errors } = await handling((incoming) => {
      if (incoming.url.endsWith("/throw")) throw new Error("secret");
      const response = new Response("secret");
      response.body?.getReader();
      return response;
    });
    for (const path of ["/throw", "/locked"]) {
      const exchange = request({ ":path": path });
      expect((await exchange.head)[":status"]).toBe(500);
      expect((await exchange.closed).text).toBe("");
    }
    expect(errors).toHaveLength(2);
  });

  it.each([
    ["idle", []],
    ["flooding", endless(new Uint8Array(16_384))],
  ])("case 28: a cancel while %s aborts the signal and cancels the body, once", async (_, chunks) => {
    const body = probeBody(chunks);
    const aborts: unknown[] = [];
    const { request, settled, errors } = await handling(({ signal }) => {
      signal.addEventListener("abort", () => aborts.push(signal.reason));
      return new Response(body.stream);
    });
    const exchange = request();
    await exchange.head;
    exchange.stream.close(constants.NGHTTP2_CANCEL);
    const reason = await body.cancelled.promise;
    await settled[0];
    expect(reason).toMatchObject({ name: "AbortError" });
    expect(aborts).toEqual([reason]);
    expect(body.cancelReasons).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it("case 28: a destroyed session cancels all its streams", async () => {
    const bodies = [probeBody(), probeBody(endless(new Uint8Array(16_384)))];
    let next = 0;
    const { request, session, settled } = await handling(() => new Response(bodies[next++]?.stream));
    await Promise.all([request().head, request().head]);
    session.destroy();
    for (const body of bodies) expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await Promise.all(settled);
  });

  it("case 28: a session that goes away with an error cancels its streams", async () => {
    const body = probeBody();
    const { request, session, settled, errors } = await handling(() => new Response(body.stream));
    await request().head;
    session.goaway(constants.NGHTTP2_INTERNAL_ERROR);
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    expect(errors).toEqual([]);
  });

  it("case 28: a session that goes away without one lets its streams finish", async () => {
    const body = probeBody();
    const { request, session, settled } = await handling(() => new Response(body.stream));
    const exchange = request();
    await exchange.head;
    session.close();
    await nextTurn();
    body.push("all");
    body.close();
    expect(await exchange.closed).toEqual({ code: constants.NGHTTP2_NO_ERROR, text: "all", ended: true });
    await settled[0];
    expect(body.cancelReasons).toEqual([]);
  });

  it("holds back one stream whose client does not read it, and not the others of the session", async () => {
    const chunk = new Uint8Array(16_384);
    const stalled = probeBody(endless(chunk));
    const { request, session } = await handling(({ url }) =>
      url.endsWith("/stalled")
        ? new Response(stalled.stream)
        : new Response(closingBody(Array.from({ length: 64 }, () => chunk))),
    );
    const unread = session.request({ ":path": "/stalled" }).on("error", () => undefined);
    unread.pause();
    await new Promise((resolve) => unread.once("response", resolve));
    for (let other = 0; other < 5; other += 1) {
      expect((await request().closed).text).toHaveLength(64 * 16_384);
    }
    // The windows of a stream, 64 KiB on either side of the buffers between, bound what its source gives.
    expect(stalled.pulls()).toBeLessThan(64);
    unread.close(constants.NGHTTP2_CANCEL);
    await stalled.cancelled.promise;
  });

  it("case 29: cancels the body of a handler that returns after the client left", async () => {
    const body = probeBody(["x"]);
    const entered = deferred();
    const { request, settled } = await handling(async ({ signal }) => {
      entered.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return new Response(body.stream);
    });
    const exchange = request();
    await entered.promise;
    exchange.stream.close(constants.NGHTTP2_CANCEL);
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    expect(body.pulls()).toBe(0);
  });

  it("case 45: resets a stream whose window stays closed for writeTimeoutMs", async () => {
    const body = probeBody(endless(new Uint8Array(16_384)));
    const { session, settled } = await handling(() => new Response(body.stream), { writeTimeoutMs: 50 });
    // Not read, so the window never opens again.
    const stream = session.request();
    stream.on("error", () => undefined);
    stream.pause();
    expect(await body.cancelled.promise).toMatchObject({ message: "The client took nothing for 50 ms" });
    await settled[0];
    stream.destroy();
  });

  it.each<[string, WebHandler, string?]>([
    ["unread", () => new Response("answer")],
    ["unread, null body", () => new Response(null), ""],
    [
      "partly read",
      async (incoming) => {
        await incoming.body?.getReader().read();
        return new Response("answer");
      },
    ],
  ])("case 39: stops an upload that never ends (%s), the answer arrives whole", async (_, handler, text = "answer") => {
    const { request, settled } = await handling(handler);
    const exchange = request({ ":method": "POST" }, new Uint8Array(1_000));
    expect(await exchange.closed).toEqual({ code: constants.NGHTTP2_NO_ERROR, text, ended: true });
    expect((await exchange.head)[":status"]).toBe(200);
    await settled[0];
  });

  it("reads a body, joins cookies, and names the authority as host", async () => {
    const { request, port } = await handling(async (incoming) =>
      Response.json([await incoming.text(), incoming.headers.get("cookie"), incoming.headers.get("host")]),
    );
    const exchange = request({ ":method": "POST", cookie: "a=1; b=2" }, "hello");
    exchange.stream.end();
    expect(JSON.parse((await exchange.closed).text)).toEqual(["hello", "a=1; b=2", `127.0.0.1:${port}`]);
  });

  it.each([
    [{ ":authority": "a/b" }, 400],
    [{ ":path": "evil" }, 400],
    [{ ":method": "TRACE" }, 405],
    [{ ":method": "CONN ECT" }, 400],
  ])("case 41: refuses %o with %i", async (fields, status) => {
    const { request } = await handling((incoming) => new Response(incoming.url));
    const exchange = request(fields);
    // nghttp2 itself resets what is too wrong for it, before a handler could run.
    const head = await Promise.race([exchange.head, exchange.closed.then(() => undefined)]);
    if (head !== undefined) expect(head[":status"]).toBe(status);
    else expect((await exchange.closed).code).toBe(constants.NGHTTP2_PROTOCOL_ERROR);
  });
});
