import { describe, expect, it } from "vitest";
import { expectNoWarnings } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closingBody, foreign, sending } from "../test/sending-server.ts";

describe("sendResponse: head", () => {
  expectNoWarnings();

  it("case 24: adds cookies to the framework's and keeps its other headers", async () => {
    const headers = new Headers({ "x-mine": "1" });
    headers.append("set-cookie", "b=2; Path=/");
    headers.append("set-cookie", "c=3; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    const { url } = await sending((res) => {
      res.setHeader("Set-Cookie", "a=1");
      res.setHeader("X-Powered-By", "Express");
      return new Response("x", { headers });
    });
    const response = await fetch(url);
    expect(response.headers.getSetCookie()).toEqual([
      "a=1",
      "b=2; Path=/",
      "c=3; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
    ]);
    expect(response.headers.get("x-powered-by")).toBe("Express");
    expect(response.headers.get("x-mine")).toBe("1");
  });

  it("case 25: keeps statusText, and leaves out one that HTTP cannot carry", async () => {
    const responses = [
      new Response(null, { status: 404, statusText: "Gone Fishing" }),
      foreign({ status: 404, statusText: "evil\r\nx-injected: 1" }),
    ];
    const { port } = await sending(() => responses.shift() ?? Response.error());
    const client = await rawClient(port, get());
    expect(await client.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 404 Gone Fishing\r\n/);
    client.socket.write(get());
    const second = await client.until(/\r\n\r\nHTTP\/1\.1 404 Not Found\r\n.*\r\n\r\n$/s);
    expect(second).not.toContain("injected");
  });

  it("case 27: drops the fields that belong to the connection", async () => {
    const headers = { connection: "close", "keep-alive": "timeout=9", "transfer-encoding": "gzip", upgrade: "h2c" };
    const { port } = await sending(() => new Response(closingBody(["x"]), { headers }));
    const client = await rawClient(port, get());
    const received = await client.until(/0\r\n\r\n$/);
    expect(received).toMatch(/Connection: keep-alive\r\n/);
    expect(received).toMatch(/Transfer-Encoding: chunked\r\n/);
    expect(received).not.toMatch(/upgrade|gzip|timeout=9/);
  });

  it("case 42: serves an HTTP/1.0 client, unchunked, even with Transfer-Encoding in the Response", async () => {
    const headers = { "transfer-encoding": "chunked" };
    const { port } = await sending(() => new Response(closingBody(["one", "two"]), { headers }));
    const client = await rawClient(port, "GET / HTTP/1.0\r\n\r\n");
    const received = await client.closed;
    expect(received).toMatch(/\r\n\r\nonetwo$/);
    expect(received).not.toMatch(/transfer-encoding/i);
  });

  it("case 12: HEAD of an endless body ends, cancels, and the connection is reusable", async () => {
    const bodies = [probeBody(endless("x")), probeBody(endless("x"))];
    let next = 0;
    const { port } = await sending(() => new Response(bodies[next++]?.stream));
    const client = await rawClient(port, get("/", "", "HEAD"));
    await client.until(/\r\n\r\n$/);
    client.socket.write(get("/", "", "HEAD"));
    await client.until(/\r\n\r\nHTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
    for (const body of bodies) {
      await body.cancelled.promise;
      expect(body.pulls()).toBe(0);
    }
    expect(client.received()).not.toMatch(/content-length|transfer-encoding/i);
  });

  it.each([
    [204, "", /^HTTP\/1\.1 204 No Content\r\n(?!.*(content-length|transfer-encoding)).*\r\n\r\n$/is],
    [205, "", /^HTTP\/1\.1 205 Reset Content\r\n.*content-length: 0\r\n.*\r\n\r\n$/is],
    [304, "", /^HTTP\/1\.1 304 Not Modified\r\n.*content-length: 5\r\n.*\r\n\r\n$/is],
    [200, "", /^HTTP\/1\.1 200 OK\r\n.*content-length: 0\r\n.*\r\n\r\n$/is],
  ])("case 13: frames a null body with status %i, whatever Content-Length says", async (status, _, expected) => {
    const { port } = await sending(() => new Response(null, { status, headers: { "content-length": "5" } }));
    const client = await rawClient(port, get());
    const first = await client.until(/\r\n\r\n$/);
    expect(first).toMatch(expected);
    client.socket.write(get());
    await client.until(/\r\n\r\nHTTP\/1\.1 \d+ .*\r\n\r\n$/s);
  });

  it("case 13: cancels the body a foreign Response holds beside a status without one", async () => {
    const body = probeBody(endless("x"));
    const { port } = await sending(() => foreign({ status: 205, body: body.stream }));
    const client = await rawClient(port, get());
    expect(await client.until(/\r\n\r\n/)).toMatch(/content-length: 0\r\n/i);
    await body.cancelled.promise;
  });
});
