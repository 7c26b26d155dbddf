import { connect as connectHttp2, constants, createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStream, progress, SOON_MS, timed } from "../test/closing-server.ts";
import { deferred, nextTurn } from "../test/deferred.ts";
import { expectNoWarnings, listen, selfSigned, serve, serveHttp2 } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closingBody } from "../test/sending-server.ts";
import { closeGracefully } from "./close-gracefully.ts";
import { sendResponse } from "./send-response.ts";

const pem = selfSigned();

describe("closeGracefully: connections", () => {
  expectNoWarnings();

  it("closes connections that idle, and such as were never used, at once", async () => {
    const other = probeBody();
    const { server, port } = await serve((req, res) => {
      void sendResponse(new Response(req.url === "/stream" ? other.stream : "x"), res);
    });
    const busy = await rawClient(port, get("/stream"));
    await busy.until(/\r\n\r\n$/);
    const idle = await rawClient(port, get());
    await idle.until(/0\r\n\r\n$|x$/);
    const unused = await rawClient(port);
    const closing = closeGracefully(server, undefined);
    await Promise.all([idle.closed, unused.closed]);
    expect(busy.socket.destroyed).toBe(false);
    other.push("last");
    other.close();
    expect(await closing).toEqual({ forced: 0 });
    expect(await busy.closed).toMatch(/last\r\n0\r\n\r\n$/);
  });

  it("answers a request that was half sent, with Connection: close, and refuses new connections", async () => {
    const { server, port } = await serve((_req, res) => void sendResponse(new Response("x"), res));
    const accepted = deferred<Socket>();
    server.once("connection", accepted.resolve);
    const client = await rawClient(port, "GET / HTTP/1.1\r\n");
    const { promise: connection } = accepted;
    await expect.poll(async () => (await connection).bytesRead).toBeGreaterThan(0);
    const closing = closeGracefully(server, undefined);
    client.socket.write("host: test\r\n\r\n");
    expect(await client.closed).toMatch(/connection: close\r\n.*x/is);
    expect(await closing).toEqual({ forced: 0 });
    await expect(rawClient(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("lets responses finish that somebody else sends, and ends their connections", async () => {
    const finish = deferred<() => void>();
    const { server, port } = await serve((_req, res) => {
      res.write("a");
      finish.resolve(() => void res.end("b"));
    });
    const client = await rawClient(port, get());
    const end = await finish.promise;
    const closing = timed(closeGracefully(server, undefined));
    await nextTurn();
    end();
    const { value, ms } = await closing;
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    expect(await client.closed).toMatch(/b\r\n0\r\n\r\n$/);
  });

  it("does not cut a response that was ended but is not sent yet", async () => {
    const size = 16 * 1024 * 1024;
    const ended = deferred();
    const { server, port } = await serve((req, res) => {
      if (req.url === "/small") return void res.end("small");
      // As if everything fitted, so that the end comes while all of it still waits.
      const write = res.write.bind(res);
      res.write = (chunk: unknown) => write(chunk) || true;
      res.once("prefinish", () => ended.resolve());
      void sendResponse(new Response(closingBody([new Uint8Array(size)])), res);
    });
    const idle = await rawClient(port, get("/small"));
    await idle.until(/small/);
    const client = await rawClient(port, get(), { paused: true });
    await ended.promise;
    await nextTurn();
    const closing = timed(closeGracefully(server, undefined));
    await nextTurn();
    client.socket.resume();
    expect((await client.closed).length).toBeGreaterThan(size);
    const { value, ms } = await closing;
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    await idle.closed;
  });

  it("sends every response of a pipeline", async () => {
    const bodies = [probeBody(), probeBody()];
    const { server, port } = await serve((req, res) => {
      void sendResponse(new Response(bodies[req.url === "/second" ? 1 : 0]?.stream), res);
    });
    const client = await rawClient(port, get("/first") + get("/second"));
    await client.until(/\r\n\r\n$/);
    await bodies[1]?.idle.promise;
    const closing = closeGracefully(server, undefined);
    bodies[0]?.push("one");
    bodies[0]?.close();
    await client.until(/one\r\n0\r\n\r\n/);
    await nextTurn();
    await nextTurn();
    bodies[1]?.push("two");
    bodies[1]?.close();
    expect(await client.closed).toMatch(/one\r\n0\r\n\r\n.*two\r\n0\r\n\r\n$/s);
    expect(await closing).toEqual({ forced: 0 });
  });

  it("lets the client read the answer to an upload that still arrives", async () => {
    const { server, port } = await serve((_req, res) => {
      void closeGracefully(server, undefined);
      res.end("answer");
    });
    const client = await rawClient(port, "", { paused: true });
    client.socket.write("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 4000000\r\n\r\n");
    await new Promise((resolve) => client.socket.write("x".repeat(3_999_999), resolve));
    // A connection that the server had closed by now would be reset by it, and the answer lost.
    await new Promise((resolve) => client.socket.write("x", resolve));
    client.socket.resume();
    expect(await client.closed).toMatch(/answer$/);
    expect(await closeGracefully(server, undefined)).toEqual({ forced: 0 });
  });

  it("leaves other servers alone", async () => {
    const busy = await serve((_req, res) => res.write("busy"));
    const other = await serve((_req, res) => res.end("other"));
    await (await rawClient(busy.port, get())).until(/busy/);
    const closing = closeGracefully(busy.server, undefined, { timeoutMs: 200 });
    const client = await rawClient(other.port, get());
    await client.until(/other$/);
    await nextTurn();
    client.socket.write(get());
    await client.until(/other.*other$/s);
    expect(await closing).toEqual({ forced: 1 });
  });

  it("destroys a connection that is older than all it knows of the server", async () => {
    const { server, port } = await serve((_req, res) => res.write("endless"));
    const client = await rawClient(port, get());
    await client.until(/endless/);
    expect(await closeGracefully(server, undefined, { timeoutMs: 50 })).toEqual({ forced: 1 });
    await client.closed;
  });

  it.runIf(pem !== undefined)("tells a session to go away whose handshake was under way", async () => {
    const server = createSecureServer({ key: pem, cert: pem });
    const { port } = await listen(server);
    const accepted = deferred<Socket>();
    server.once("connection", accepted.resolve);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    onTestFinished(() => session.destroy());
    const goneAway = new Promise((resolve) => session.once("goaway", resolve));
    const connection = await accepted.promise;
    while (connection.bytesRead === 0) await nextTurn();
    const { value, ms } = await timed(closeGracefully(server, undefined));
    expect(value).toEqual({ forced: 0 });
    expect(ms).toBeLessThan(SOON_MS);
    expect(await goneAway).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("destroys what is left after timeoutMs, upgraded connections included, and says how much it was", async () => {
    const { manager, listener, released } = progress();
    const foreign = probeBody(endless(new Uint8Array(16_384)));
    const { server, port } = await serve((req, res) => {
      if (req.url === "/foreign") void sendResponse(new Response(foreign.stream), res);
      else if (req.url === "/progress") void listener(req, res);
      else res.end();
    });
    const upgraded = deferred();
    server.on("upgrade", () => upgraded.resolve());
    const first = await rawClient(port, get("/progress"));
    await first.until(/percent/);
    const clients = [
      await rawClient(port, get("/foreign"), { paused: true }),
      await rawClient(port, get("/", "connection: upgrade\r\nupgrade: websocket\r\n")),
    ];
    await upgraded.promise;
    expect(await closeGracefully(server, manager, { timeoutMs: 100 })).toEqual({ forced: 2 });
    expect(await foreign.cancelled.promise).toMatchObject({ name: "AbortError" });
    await released;
    for (const client of clients) client.socket.resume();
    await Promise.all(clients.map((client) => client.closed));
  });

  it("destroys the sessions of HTTP/2 whose streams do not end", async () => {
    const body = probeBody();
    const { server, session } = await serveHttp2((_req, res) => void sendResponse(new Response(body.stream), res));
    const { stream } = openStream(session);
    session.on("error", () => undefined);
    await new Promise((resolve) => stream.once("response", resolve));
    expect(await closeGracefully(server, undefined, { timeoutMs: 50 })).toEqual({ forced: 1 });
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
  });

  it("does not wait for a session of HTTP/2 that nobody can reach", async () => {
    const { server, session } = await serveHttp2(() => undefined);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    // From version 24 on Node closes it by itself.
    const forced = Number.parseInt(process.versions.node, 10) >= 24 ? 0 : 1;
    expect(await closeGracefully(server, undefined, { timeoutMs: 50 })).toEqual({ forced });
  });
});
