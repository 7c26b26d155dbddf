import { describe, expect, it } from "vitest";
import { expectNoWarnings, serve, serveHttp2 } from "../test/local-server.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closingBody } from "../test/sending-server.ts";
import { sendResponse } from "./send-response.ts";
import { connectionsOf } from "./server-connections.ts";

describe("connectionsOf", () => {
  expectNoWarnings();

  it("knows the connections of HTTP/1 and forgets them when they close", async () => {
    const { server, port } = await serve((_req, res) => void sendResponse(new Response("x"), res));
    const { sockets } = connectionsOf(server);
    const client = await rawClient(port, get());
    await client.until(/0\r\n\r\n$/);
    expect(sockets.size).toBe(1);
    client.socket.destroy();
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("knows a response that was ended until the client has taken it", async () => {
    const { server, port } = await serve((_req, res) => {
      // As if everything fitted, so that the end comes while all of it still waits.
      const write = res.write.bind(res);
      res.write = (chunk: unknown) => write(chunk) || true;
      void sendResponse(new Response(closingBody([new Uint8Array(16 * 1024 * 1024)])), res);
    });
    const { flushing } = connectionsOf(server);
    const client = await rawClient(port, get(), { paused: true });
    await expect.poll(() => flushing.size).toBe(1);
    client.socket.resume();
    await expect.poll(() => flushing.size).toBe(0);
  });

  it("learns of a session of HTTP/2 from its first response, and forgets it when it closes", async () => {
    const { server, session } = await serveHttp2((_req, res) => void sendResponse(new Response("x"), res));
    for (let count = 0; count < 2; count += 1) {
      const stream = session.request().resume();
      await new Promise((resolve) => stream.once("close", resolve));
      expect(connectionsOf(server).sessions.size).toBe(1);
    }
    session.destroy();
    await expect.poll(() => connectionsOf(server).sessions.size).toBe(0);
  });
});
