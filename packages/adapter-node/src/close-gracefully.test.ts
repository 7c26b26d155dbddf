import { hasSubscribers } from "node:diagnostics_channel";
import { createServer, type Server } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, constants, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStream, progress, SOON_MS, timed } from "../test/closing-server.ts";
import { deferred } from "../test/deferred.ts";
import { expectNoWarnings, listen, selfSigned, serve, serveHttp2 } from "../test/local-server.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closeGracefully } from "./close-gracefully.ts";

const pem = selfSigned();

describe("closeGracefully", () => {
  expectNoWarnings();

  it("case 44: ends all streams with a time to come back, and their connections with them", async () => {
    const { manager, listener } = progress();
    const { server, port } = await serve((req, res) => void listener(req, res));
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(port, get())));
    await Promise.all(clients.map((client) => client.until(/percent/)));
    const { value, ms } = await timed(closeGracefully(server, manager, { retryMs: [2_000, 4_000] }));
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    for (const client of clients) {
      const received = await client.closed;
      expect(received).toMatch(/data: \{"percent":50\}\n\n\r\n.*retry: \d+\n\r\n0\r\n\r\n$/s);
      const retryMs = Number(/retry: (\d+)/.exec(received)?.[1]);
      expect(retryMs).toBeGreaterThanOrEqual(2_000);
      expect(retryMs).toBeLessThanOrEqual(4_000);
    }
  });

  it.runIf(pem !== undefined)("case 44: does the same over HTTPS", async () => {
    const { manager, listener } = progress();
    const server = createHttpsServer({ key: pem, cert: pem }, (req, res) => void listener(req, res));
    onTestFinished(() => server.closeAllConnections());
    const { port } = await listen(server);
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.write(get());
    let received = "";
    const first = deferred();
    socket.on("data", (chunk) => {
      received += `${chunk}`;
      if (received.includes("percent")) first.resolve();
    });
    const ended = new Promise((resolve) => socket.once("end", resolve));
    await first.promise;
    const silent = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    // It is cut, and may say so.
    silent.on("error", () => undefined);
    await new Promise((resolve) => silent.once("secureConnect", resolve));
    const { value, ms } = await timed(closeGracefully(server, manager));
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    await ended;
    expect(received).toMatch(/retry: \d+\n\r\n0\r\n\r\n$/);
  });

  it("case 44: ends the streams of HTTP/2, tells each session to go away, and closes it", async () => {
    const { manager, listener } = progress();
    const { server, url, session } = await serveHttp2((req, res) => void listener(req, res));
    const streams = [openStream(session), openStream(session)];
    await Promise.all(streams.map((stream) => stream.first));
    // Since its server has answered somebody, it is known, though it never makes a request.
    const unused = connectHttp2(url);
    await new Promise((resolve) => unused.once("remoteSettings", resolve));
    const goAways: [ClientHttp2Session, number][] = [];
    const sessionsClosed = [session, unused].map((each) => {
      each.once("goaway", (code) => goAways.push([each, code]));
      return new Promise((resolve) => each.once("close", resolve));
    });
    const { value, ms } = await timed(closeGracefully(server, manager));
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    for (const stream of streams) {
      expect(await stream.closed).toMatchObject({
        text: expect.stringMatching(/percent.*retry: \d+\n$/s),
        code: constants.NGHTTP2_NO_ERROR,
      });
    }
    await Promise.all(sessionsClosed);
    expect(new Map(goAways)).toEqual(
      new Map([
        [session, constants.NGHTTP2_NO_ERROR],
        [unused, constants.NGHTTP2_NO_ERROR],
      ]),
    );
  });

  it.runIf(pem !== undefined)("case 44: closes a secure server of HTTP/2 that takes HTTP/1 as well", async () => {
    const { manager, listener } = progress();
    const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: true }, (req, res) => void listener(req, res));
    const { port } = await listen(server);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const stream = openStream(session);
    const old = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
    old.write(get());
    const oldEnded = new Promise((resolve) => old.once("end", resolve));
    await Promise.all([stream.first, new Promise((resolve) => old.once("data", resolve))]);
    const { value, ms } = await timed(closeGracefully(server, manager));
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    expect((await stream.closed).text).toMatch(/retry: \d+\n$/);
    await oldEnded;
  });

  it("gives the same promise for a server that is closing, and closes one that listens anew", async () => {
    const { server } = await serve((_req, res) => res.end());
    const first = closeGracefully(server, undefined);
    expect(closeGracefully(server, undefined, { timeoutMs: 1 })).toBe(first);
    await first;
    expect(closeGracefully(server, undefined)).toBe(first);
    await listen(server);
    const second = closeGracefully(server, undefined);
    expect(second).not.toBe(first);
    await second;
    expect(server.listening).toBe(false);
  });

  it("closes a server that never listened, and drains its manager", async () => {
    const drained: object[] = [];
    const manager = { drain: async (options: object) => drained.push(options) };
    expect(await closeGracefully(createServer(), manager, { timeoutMs: 1_000, retryMs: [1, 2] })).toEqual({
      forced: 0,
    });
    expect(drained).toEqual([{ timeoutMs: 1_000, retryMs: [1, 2] }]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("drain failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("drain failed"))],
  ])("closes the server before it tells that drain %s", async (_, drain) => {
    const { server } = await serve((_req, res) => res.end());
    await expect(closeGracefully(server, { drain })).rejects.toThrow("drain failed");
    expect(server.listening).toBe(false);
  });

  it("does not wait for a drain that never settles", async () => {
    const { server } = await serve((_req, res) => res.end());
    const manager = { drain: () => new Promise(() => undefined) };
    expect(await closeGracefully(server, manager, { timeoutMs: 50 })).toEqual({ forced: 0 });
  });

  it("leaves nothing behind", async () => {
    const { server } = await serve((_req, res) => res.end());
    const before = server.listenerCount("request");
    await closeGracefully(server, undefined);
    expect(server.listenerCount("request")).toBe(before);
    expect(hasSubscribers("http.server.response.finish")).toBe(false);
  });

  // What plain JavaScript can pass; the types forbid it.
  const none = null as unknown as Server;

  it.each<[unknown[], RegExp]>([
    [[none], /^TypeError: Cannot close server: `server` must be a server of node:http, .*, got null$/],
    [
      [createServer(), {}],
      /^TypeError: Cannot close server: `manager` must be an SSEManager or undefined, got object$/,
    ],
    [
      [createServer(), undefined, { timeoutMs: "1" }],
      /^TypeError: .*`timeoutMs` must be an integer from 1 .*got string/,
    ],
    [[createServer(), undefined, { timeoutMs: 0 }], /^RangeError: .*`timeoutMs` must be .*, got 0$/],
    [
      [createServer(), undefined, { timeoutms: 1 }],
      /^TypeError: .*unknown option `timeoutms`, allowed are `timeoutMs`/,
    ],
    [[createServer(), undefined, { retryMs: 5 }], /^TypeError: .*`retryMs` must be a pair \[min, max\].*got number$/],
    [[createServer(), undefined, { retryMs: [2, 1] }], /^RangeError: .*`retryMs` must be a pair .*, got \[2,1\]$/],
    [[createServer(), undefined, null], /^TypeError: .*`options` must be an object, got null$/],
  ])("refuses wrong arguments by name (%#)", (args, message) => {
    const call = (): unknown => Reflect.apply(closeGracefully, undefined, args);
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(message);
  });
});
