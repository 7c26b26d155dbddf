import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred, nextTurn } from "../test/deferred.ts";
import { expectNoWarnings, serve } from "../test/local-server.ts";
import { probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import type { ToWebRequestOptions } from "./request-options.ts";
import { toNodeHandler, type WebHandler } from "./to-node-handler.ts";
import { toWebRequest } from "./to-web-request.ts";

async function answering(handler: WebHandler, options: ToWebRequestOptions = {}) {
  const [errors, settled]: [unknown[], Promise<void>[]] = [[], []];
  const listener = toNodeHandler(handler, { ...options, onError: (error) => errors.push(error) });
  const { port, url } = await serve((req, res) => void settled.push(listener(req, res)));
  return { port, url, errors, settled };
}

const echoUrl: WebHandler = (request) => new Response(`<${request.url}>`);

const post = (length: number): string => `POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${length}\r\n\r\n`;

describe("toWebRequest: URL and fields", () => {
  expectNoWarnings();

  it.each([
    ["a plain target", "/path?q=1", "Host: example.com:81", "http://example.com:81/path?q=1"],
    ["an absolute-form target", "http://other.example/p?q", "Host: example.com", "http://other.example/p?q"],
    ["an absolute-form target without path", "http://other.example?q", "Host: x", "http://other.example/?q"],
    ["a path that looks like a host", "//evil.example/p", "Host: example.com", "http://example.com//evil.example/p"],
    ["an IPv6 host", "/", "Host: [::1]:8080", "http://[::1]:8080/"],
    ["an empty host", "/", "Host:", "http://localhost/"],
    ["an untrusted proxy", "/", "Host: a.example\r\nX-Forwarded-Host: b.example", "http://a.example/"],
  ])("case 41: takes the URL from %s", async (_, target, fields, expected) => {
    const { port } = await answering(echoUrl);
    const client = await rawClient(port, `GET ${target} HTTP/1.1\r\n${fields}\r\n\r\n`);
    expect(await client.until(/>/)).toContain(`<${expected}>`);
  });

  it("case 41: takes an HTTP/1.0 request without Host, and OPTIONS *", async () => {
    const { port } = await answering(echoUrl);
    const old = await rawClient(port, "GET /old HTTP/1.0\r\n\r\n");
    expect(await old.until(/>/)).toContain("<http://localhost/old>");
    const asterisk = await rawClient(port, get("*", "", "OPTIONS"));
    expect(await asterisk.until(/>/)).toContain("<http://test/>");
  });

  it.each([
    ["a path", "a/b"],
    ["a user", "user@evil.example"],
    ["a space", "a b"],
    ["a bad port", "a:99999"],
    ["a fragment", "a#b"],
    ["a bad IPv6 address", "[::g]"],
  ])("case 41: answers 400 to a Host with %s, without a report", async (_, host) => {
    const { port, errors } = await answering(echoUrl);
    const client = await rawClient(port, `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    expect(await client.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*content-length: 0\r\n/is);
    expect(errors).toEqual([]);
  });

  it("case 41: answers 400 to a target that middleware has made run into the host", async () => {
    const listener = toNodeHandler(echoUrl, { host: "example.com" });
    const { url } = await serve((req, res) => {
      req.url = ".evil.example/";
      void listener(req, res);
    });
    expect((await fetch(url)).status).toBe(400);
  });

  it("case 41: answers 405 to TRACE and says what is allowed", async () => {
    const { port, errors } = await answering(echoUrl);
    const client = await rawClient(port, get("/", "", "TRACE"));
    expect(await client.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 405 .*allow: GET, HEAD, POST/is);
    expect(errors).toEqual([]);
  });

  it("takes host and protocol from a trusted proxy, and refuses nonsense from it", async () => {
    const { port } = await answering(echoUrl, { trustProxy: true });
    const client = await rawClient(port, get("/p", "x-forwarded-host: a.example, b\r\nx-forwarded-proto: HTTPS\r\n"));
    expect(await client.until(/>/)).toContain("<https://a.example/p>");
    for (const field of ["x-forwarded-host: a/b", "x-forwarded-proto: gopher"]) {
      const bad = await rawClient(port, get("/p", `${field}\r\n`));
      expect(await bad.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it("takes host and protocol from the options before anything else", async () => {
    const { port } = await answering(echoUrl, { trustProxy: true, host: "fixed.example:8443", protocol: "https" });
    const client = await rawClient(port, get("http://other/p", "x-forwarded-host: a\r\nx-forwarded-proto: http\r\n"));
    expect(await client.until(/>/)).toContain("<https://fixed.example:8443/p>");
  });

  it("carries method and fields, cookies joined", async () => {
    const { url } = await answering(({ method, headers }) => Response.json([method, ...headers]));
    const response = await fetch(url, { method: "DELETE", headers: { "x-a": "1", cookie: "a=1; b=2" } });
    const answer = await response.json();
    expect(answer[0]).toBe("DELETE");
    expect(answer).toContainEqual(["x-a", "1"]);
    expect(answer).toContainEqual(["cookie", "a=1; b=2"]);
  });

  it.each<[object, RegExp]>([
    [{ trustProxy: "yes" }, /^TypeError: .*`trustProxy` must be a boolean, got string/],
    [{ host: 1 }, /^TypeError: .*`host`.*got number/],
    [{ host: "a/b" }, /^RangeError: .*`host`.*"a\/b"/],
    [{ protocol: 1 }, /^TypeError: .*`protocol`.*got number/],
    [{ protocol: "ftp" }, /^RangeError: .*`protocol`.*"ftp"/],
    [{ Host: "a" }, /^TypeError: .*unknown option `Host`, allowed are `trustProxy`, `host`, `protocol`/],
  ])("refuses %o by name, and says what is allowed", async (options, message) => {
    const thrown = deferred<unknown>();
    const { url } = await serve((req, res) => {
      try {
        toWebRequest(req, res, options);
      } catch (error) {
        thrown.resolve(error);
      }
      res.end();
    });
    await fetch(url);
    expect(String(await thrown.promise)).toMatch(message);
  });
});

describe("toWebRequest: signal", () => {
  expectNoWarnings();

  it("case 37: fires after a garbage collection when only a listener was kept, on each Request of a response", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage: () => void = runInNewContext("gc");
    const fired = [deferred<unknown>(), deferred<unknown>()] as const;
    const body = probeBody();
    const { port } = await answering((request, { req, res }) => {
      listen(request, fired[0].resolve);
      listen(toWebRequest(req, res), fired[1].resolve);
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    // WeakRefs hold until the turn ends.
    await nextTurn();
    collectGarbage();
    await nextTurn();
    collectGarbage();
    client.socket.destroy();
    const reason = await body.cancelled.promise;
    for (const each of fired) expect(await each.promise).toBe(reason);
  });

  it("is aborted from the start when the client has left before", async () => {
    const seen = deferred<boolean>();
    const { port } = await serve((req, res) => {
      res.once("close", () => seen.resolve(toWebRequest(req, res).signal.aborted));
    });
    const client = await rawClient(port, get());
    client.socket.destroy();
    expect(await seen.promise).toBe(true);
  });
});

describe("toWebRequest: body", () => {
  expectNoWarnings();

  it("case 38: aborts and cancels when the client leaves after its body was read", async () => {
    const body = probeBody();
    let signal: AbortSignal | undefined;
    const { port } = await answering(async (request) => {
      signal = request.signal;
      expect(await request.text()).toBe("hello");
      return new Response(body.stream);
    });
    const client = await rawClient(port, `${post(5)}hello`);
    await client.until(/\r\n\r\n$/);
    expect(signal?.aborted).toBe(false);
    client.socket.destroy();
    expect(await body.cancelled.promise).toBe(signal?.reason);
  });

  it("reads a chunked body of several chunks, and an empty one", async () => {
    const { url } = await answering(async (request) => new Response(`${(await request.bytes()).byteLength}`));
    const upload = probeBody(Array.from({ length: 20 }, () => new Uint8Array(50_000)));
    void upload.idle.promise.then(() => upload.close());
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: upload.stream, duplex: "half" };
    expect(await (await fetch(url, init)).text()).toBe("1000000");
    expect(await (await fetch(url, { method: "POST" })).text()).toBe("0");
  });

  it("leaves the socket alone while nobody reads", async () => {
    const counted = deferred<number>();
    const { port } = await serve((req, res) => {
      const request = toWebRequest(req, res);
      const reader = request.body?.getReader();
      void reader?.read().then(async () => {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        counted.resolve(req.socket.bytesRead);
        res.end();
      });
    });
    await rawClient(port, post(8_000_000) + "x".repeat(8_000_000));
    // One chunk was asked for; the buffers of request and socket may be full besides.
    expect(await counted.promise).toBeLessThan(1_000_000);
  });

  it.each<[string, WebHandler]>([
    ["unread", () => new Response("answer")],
    [
      "partly read",
      async (request) => {
        await request.body?.getReader().read();
        return new Response("answer");
      },
    ],
    [
      "cancelled",
      async (request) => {
        const reader = request.body?.getReader();
        await reader?.read();
        await reader?.cancel();
        return new Response("answer");
      },
    ],
  ])("case 39: after a 400 kB POST %s the next request on the connection works", async (_, handler) => {
    let requests = 0;
    const { port } = await answering((request, context) => {
      requests += 1;
      return requests === 1 ? handler(request, context) : new Response("next");
    });
    const client = await rawClient(port, post(400_000) + "x".repeat(400_000) + get());
    expect(await client.until(/next/)).toContain("answer");
  });

  it.each<[string, WebHandler]>([
    ["unread", () => new Response("answer")],
    [
      "partly read",
      async (request) => {
        await request.body?.getReader().read();
        return new Response("answer");
      },
    ],
  ])("case 39: cuts an upload that never ends (%s)", async (_, handler) => {
    const { port } = await answering(handler);
    const client = await rawClient(port, post(1e15));
    const chunk = new Uint8Array(65_536);
    const upload = (): void => {
      while (!client.socket.destroyed && client.socket.write(chunk));
    };
    client.socket.on("drain", upload);
    upload();
    expect(await client.closed).toContain("answer");
  });

  it("case 39: cuts an upload that stops half way, 5 s after the response", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { port, settled } = await answering(() => new Response("answer"));
    const client = await rawClient(port, `${post(10)}x`);
    await client.until(/answer/);
    await settled[0];
    vi.advanceTimersByTime(4_900);
    await nextTurn();
    expect(client.socket.destroyed).toBe(false);
    vi.advanceTimersByTime(100);
    await client.closed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("rejects a read after the response has ended", async () => {
    const outcome = deferred<unknown>();
    const { port } = await answering((request) => {
      const reader = request.body?.getReader();
      void reader
        ?.read()
        .then(() => reader.read())
        .catch(outcome.resolve);
      return new Response("answer");
    });
    await rawClient(port, `${post(100)}x`);
    expect(String(await outcome.promise)).toBe("Error: Cannot read request body: the response has ended");
  });

  it("case 40: rejects a read after a disconnect, with the signal's reason", async () => {
    const reading = deferred<unknown>();
    let signal: AbortSignal | undefined;
    const { port, errors } = await answering(async (request) => {
      signal = request.signal;
      await request.text().catch(reading.resolve);
      return new Response();
    });
    const client = await rawClient(port, `${post(100)}part`);
    await nextTurn();
    client.socket.destroy();
    expect(await reading.promise).toBe(signal?.reason);
    expect(errors).toEqual([]);
  });
});

/** In a function of its own, so that nothing of the test keeps the Request alive. */
function listen(request: Request, listener: (reason: unknown) => void): void {
  const { signal } = request;
  signal.addEventListener("abort", () => listener(signal.reason));
}
