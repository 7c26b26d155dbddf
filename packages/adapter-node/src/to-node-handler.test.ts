import { createServer } from "node:http";
import type { Writable } from "node:stream";
import { SSEManager } from "@ssewire/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { deferred } from "../test/deferred.ts";
import { aborted, handling } from "../test/handling-server.ts";
import { expectNoWarnings, listen, serve } from "../test/local-server.ts";
import { probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { sendResponse } from "./send-response.ts";
import { type ToNodeHandlerOptions, toNodeHandler, type WebHandler } from "./to-node-handler.ts";

describe("toNodeHandler: failure", () => {
  expectNoWarnings();

  const failing: [string, WebHandler][] = [
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    // What plain JavaScript can do; the type forbids it.
    ["returns nothing", (() => undefined) as unknown as WebHandler],
  ];

  it.each(failing)("case 22: answers an empty 500 and reports once when the handler %s", async (_, handler) => {
    const { port, errors } = await handling(handler);
    const client = await rawClient(port, get());
    const received = await client.until(/\r\n\r\n$/);
    expect(received).toMatch(/^HTTP\/1\.1 500 .*content-length: 0/is);
    expect(received).not.toContain("secret");
    expect(errors).toHaveLength(1);
  });

  it("says what a handler returned that is no Response", async () => {
    const { url, errors } = await handling((() => "text") as unknown as WebHandler);
    await fetch(url);
    expect(String(errors[0])).toBe(
      "TypeError: Cannot send response: `response` must be a Response with a ReadableStream or null as body, got string",
    );
  });

  it("case 22: cuts the connection and reports once when the handler throws after a head of its own", async () => {
    const failure = new Error("secret");
    const { port, errors } = await handling(async (_request, { res }) => {
      const writable: Writable = res;
      await new Promise((resolve) => writable.write("part", resolve));
      throw failure;
    });
    const client = await rawClient(port, get());
    expect(await client.closed).toMatch(/\r\n\r\n4\r\npart\r\n$/);
    expect(errors).toEqual([failure]);
    await (await rawClient(port, get())).until(/part/);
  });

  it("case 23: keeps silent about a handler that rejects after the client left", async () => {
    const { port, errors, settled } = await handling(async ({ signal }) => {
      await aborted(signal);
      throw new Error("too late");
    });
    const client = await rawClient(port, get());
    client.socket.destroy();
    await new Promise((resolve) => client.socket.once("close", resolve));
    await expect.poll(() => settled.length).toBe(1);
    await settled[0];
    expect(errors).toEqual([]);
  });

  it("passes an error to next while the head is unsent, in place of onError", async () => {
    const passed: unknown[] = [];
    const errors: unknown[] = [];
    const failure = new Error("for Express");
    const listener = toNodeHandler(() => Promise.reject(failure), { onError: (error) => errors.push(error) });
    const { url } = await serve((req, res) => {
      void listener(req, res, (error) => {
        passed.push(error);
        res.writeHead(418).end();
      });
    });
    expect((await fetch(url)).status).toBe(418);
    expect(passed).toEqual([failure]);
    expect(errors).toEqual([]);
  });

  it("leaves the headers as they were before an invalid Response to next", async () => {
    const broken = {
      status: 200,
      statusText: "",
      headers: [
        ["x-a", "1"],
        ["x-b", "\n"],
        ["set-cookie", "b=2"],
      ],
      body: null,
    };
    // A Response of another implementation, with fewer checks than Node's own.
    const listener = toNodeHandler(() => broken as unknown as Response);
    const { url } = await serve((req, res) => {
      res.setHeader("set-cookie", "a=1");
      void listener(req, res, () => res.end());
    });
    const { headers } = await fetch(url);
    expect(headers.getSetCookie()).toEqual(["a=1"]);
    expect(headers.get("x-a")).toBe(null);
  });

  it("does not call next once the head is sent", async () => {
    const passed: unknown[] = [];
    const errors: unknown[] = [];
    const body = probeBody();
    const listener = toNodeHandler(() => new Response(body.stream), { onError: (error) => errors.push(error) });
    const { port } = await serve((req, res) => void listener(req, res, (error) => passed.push(error)));
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    body.fail(new Error("late"));
    await client.closed;
    expect(errors).toHaveLength(1);
    expect(passed).toEqual([]);
  });

  it("does not run the handler of a response that another listener is answering", async () => {
    const entered = deferred();
    const answer = deferred<Response>();
    const calls: string[] = [];
    const errors: unknown[] = [];
    const passed: unknown[] = [];
    const first = toNodeHandler(() => {
      entered.resolve();
      return answer.promise;
    });
    const second = toNodeHandler(
      () => {
        calls.push("second");
        return new Response();
      },
      { onError: (error) => errors.push(error) },
    );
    const { url } = await serve((req, res) => {
      void first(req, res);
      void second(req, res, (error) => passed.push(error)).then(() => answer.resolve(new Response("first")));
    });
    expect(await (await fetch(url)).text()).toBe("first");
    expect([calls, passed]).toEqual([[], []]);
    expect(errors).toHaveLength(1);
  });

  it("lets an error handler after next send a Response of its own", async () => {
    const listener = toNodeHandler(() => Promise.reject(new Error("mine")));
    const { url } = await serve((req, res) => {
      void listener(req, res, () => void sendResponse(new Response("sorry", { status: 503 }), res));
    });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([503, "sorry"]);
  });

  it("refuses options by name, and a handler that is no function", () => {
    const handler: WebHandler = () => new Response();
    expect(() => toNodeHandler(handler, { writeTimeoutMs: -1 })).toThrow(/`writeTimeoutMs`/);
    expect(() => toNodeHandler(handler, { host: "a/b" })).toThrow(/`host`/);
    const misspelt = { trustproxy: true };
    expect(() => toNodeHandler(handler, misspelt as ToNodeHandlerOptions)).toThrow(/unknown option `trustproxy`/);
    expect(() => toNodeHandler(undefined as unknown as WebHandler)).toThrow(
      "Cannot make handler: `handler` must be a function, got undefined",
    );
  });
});

describe("toNodeHandler: operations", () => {
  expectNoWarnings();

  it("case 43: cancels an idle stream that server.timeout cuts", async () => {
    const body = probeBody();
    const { server, port } = await handling(() => new Response(body.stream));
    server.timeout = 50;
    const client = await rawClient(port, get());
    await client.closed;
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
  });

  it("case 43: outlives server.timeout when core sends heartbeats", async () => {
    const released = deferred();
    const { server, port } = await handling((request) =>
      SSEManager.createResponse(
        async function* ({ signal }) {
          await aborted(signal);
          released.resolve();
          yield "never sent";
        },
        { heartbeatMs: 100, request },
      ),
    );
    server.timeout = 400;
    const client = await rawClient(port, get());
    // Eight of them take twice as long as the time-out.
    await client.until((received) => received.split(": heartbeat\n").length > 8);
    client.socket.destroy();
    await released.promise;
  });

  it("case 43: a stream that idles outlives requestTimeout and headersTimeout", async () => {
    const body = probeBody();
    const options = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
    const listener = toNodeHandler(() => new Response(body.stream));
    const server = createServer(options, (req, res) => void listener(req, res));
    onTestFinished(() => void server.close().closeAllConnections());
    const { port } = await listen(server);
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    // Opened later and cut for its slow request: by then the time of the stream was up as well.
    const slow = await rawClient(port, "GET / HTTP/1.1\r\n");
    expect(await slow.closed).toMatch(/^HTTP\/1\.1 408 /);
    body.push("alive");
    await client.until(/alive/);
    expect(body.cancelReasons).toEqual([]);
  });
});
