import type { WebHandler } from "@ssewire/adapter-node";
import { type ResponseOptions, SSEManager } from "@ssewire/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ConformanceApp, createConformanceApp, type StreamState } from "../conformance/app.ts";
import { findOpenssl } from "../find-component.ts";
import type { ConfigChange } from "./guide-config.ts";
import { apache, caddy, haproxy, nginx, type ProxyKind, varnish } from "./proxy-setup.ts";
import { type ProxyOptions, serveApp, serveBehind } from "./serve-behind.ts";
import { type ClientStream, openStream } from "./stream-client.ts";

/** Serves a handler behind a proxy until the test ends. @returns The address, without a slash at the end. */
async function serve(kind: ProxyKind, handler: WebHandler, options: ProxyOptions = {}): Promise<string> {
  const server = await serveApp(handler);
  onTestFinished(server.stop);
  const proxy = await serveBehind(kind, server.port, options);
  onTestFinished(proxy.stop);
  return proxy.url;
}

const everyMs = 300;

/** Four events, 300 ms apart, the first at once; by default larger than the 512 bytes that Caddy waits for. */
function paced(options: ResponseOptions = {}, bytes = 1_024): WebHandler {
  return (request) =>
    SSEManager.createResponse(
      async function* () {
        for (let index = 0; index < 4; index++) {
          if (index > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
          yield { at: Date.now(), filler: "x".repeat(bytes) };
        }
      },
      { request, ...options },
    );
}

/** How many milliseconds each event took. */
async function delays({ received }: ClientStream): Promise<number[]> {
  const found: number[] = [];
  for await (const event of received) {
    if (typeof event !== "string") found.push(event.receivedAt - JSON.parse(event.data).at);
  }
  expect(found.length).toBe(4);
  return found;
}

async function stateOf(app: ConformanceApp, key: string): Promise<StreamState> {
  return (await app.fetch(new Request(`http://localhost/state?key=${key}`))).json();
}

/** How many heartbeats are sent after the client has left, before the source hears of it; with one line changed. */
async function heartbeatsToNobody(kind: ProxyKind, change: ConfigChange): Promise<number> {
  const app = createConformanceApp();
  const url = await serve(kind, app.fetch, { changes: [change] });
  const stream = await openStream(`${url}/stream?key=left&events=0&then=hold&heartbeatMs=300`);
  // The opening comment.
  await stream.received.next();
  stream.leave();
  await expect.poll(async () => (await stateOf(app, "left")).closed, { timeout: 10_000 }).toBeDefined();
  return (((await stateOf(app, "left")).closed?.bytes ?? 0) - ":\n".length) / ": heartbeat\n".length;
}

const isPresent = ({ component }: ProxyKind): boolean =>
  component.path !== undefined && findOpenssl().path !== undefined;

const noTransform: ResponseOptions = { headers: { "Cache-Control": "no-cache, no-transform" } };

describe.skipIf(!isPresent(nginx))(`nginx (${nginx.component.note})`, () => {
  const cases: [name: string, bytes: number, changes: ConfigChange[]][] = [
    ["with HTTP/1.0 to the app, its default", 64, [["proxy_http_version 1.1;", ""]]],
    // Smaller ones it passes on: of a chunk it needs no more than its buffer holds.
    ["with events that fill its buffer", 8_000, []],
  ];

  describe.each(cases)("%s", (_name, bytes, changes) => {
    it("keeps events to itself without X-Accel-Buffering", async () => {
      const handler = paced({}, bytes);
      const url = await serve(
        nginx,
        async (request, context) => {
          const response = await handler(request, context);
          response.headers.delete("x-accel-buffering");
          return response;
        },
        { changes },
      );
      expect(Math.max(...(await delays(await openStream(url))))).toBeGreaterThan(250);
    });

    it("passes them on as the app sends it", async () => {
      const found = await delays(await openStream(await serve(nginx, paced({}, bytes), { changes })));
      expect(Math.max(...found)).toBeLessThan(250);
    });
  });

  it("keeps the head to itself over HTTP/2, until something follows: the opening comment", async () => {
    const handler: WebHandler = (request) =>
      SSEManager.createResponse(
        async function* () {
          await new Promise((resolve) => setTimeout(resolve, everyMs));
          yield Date.now();
        },
        { request, openingMs: new URL(request.url).pathname === "/silent" ? false : undefined },
      );
    const url = await serve(nginx, handler, { secure: true });
    const headAt = async (path: string): Promise<number> => {
      const stream = await openStream(`${url}${path}`);
      const opened = Date.now();
      for await (const event of stream.received) if (typeof event !== "string") return opened - Number(event.data);
      throw new Error("There was no event");
    };
    expect(await headAt("/silent")).toBeGreaterThanOrEqual(0);
    expect(await headAt("/")).toBeLessThan(0);
  });

  it.each([false, true])("compresses the events one by one with gzip on; over HTTP/2: %s", async (secure) => {
    const changes: ConfigChange[] = [["http {", "http {\ngzip on;\ngzip_proxied any;\ngzip_types text/event-stream;"]];
    const stream = await openStream(await serve(nginx, paced(noTransform), { secure, changes }));
    // no-transform or not.
    expect(stream.headers["content-encoding"]).toBe("gzip");
    expect(Math.max(...(await delays(stream)))).toBeLessThan(250);
  });
});

describe.skipIf(!isPresent(apache))(`Apache (${apache.component.note})`, () => {
  it.each([false, true])("compresses the events one by one with mod_deflate; over HTTP/2: %s", async (secure) => {
    const changes: ConfigChange[] = [["ProxyTimeout", "AddOutputFilterByType DEFLATE text/event-stream\nProxyTimeout"]];
    const stream = await openStream(await serve(apache, paced(noTransform), { secure, changes }));
    // no-transform or not.
    expect(stream.headers["content-encoding"]).toBe("gzip");
    expect(Math.max(...(await delays(stream)))).toBeLessThan(250);
  });
});

describe.skipIf(!isPresent(haproxy))(`HAProxy (${haproxy.component.note})`, () => {
  it("delays every event by 200 ms over HTTP/1.1 without http-no-delay, but for the last", async () => {
    const changes: ConfigChange[] = [["option http-no-delay", ""]];
    const found = await delays(await openStream(await serve(haproxy, paced(), { changes })));
    for (const delay of found.slice(0, -1)) expect(delay).toBeGreaterThan(150);
  });

  it("tells of a client that has left after a heartbeat or more without abortonclose", async () => {
    expect(await heartbeatsToNobody(haproxy, ["option abortonclose", ""])).toBeGreaterThan(0);
  });
});

describe.skipIf(!isPresent(varnish))(`Varnish (${varnish.component.note})`, () => {
  it("tells of a client that has left after a heartbeat or more, unless it pipes", async () => {
    expect(await heartbeatsToNobody(varnish, ["return (pipe);", "return (pass);"])).toBeGreaterThan(0);
  });

  it("reads the source without bounds for a client that does not read, unless it pipes", async () => {
    const app = createConformanceApp();
    const changes: ConfigChange[] = [["return (pipe);", "return (pass);"]];
    const url = await serve(varnish, app.fetch, { changes });
    const stream = await openStream(`${url}/stream?key=flood&bytes=8192`);
    onTestFinished(stream.leave);
    const pulled = async (): Promise<number> => (await stateOf(app, "flood")).pulled;
    // 128 MiB, twice what no other proxy reaches.
    await expect.poll(pulled, { timeout: 30_000 }).toBeGreaterThan(16_384);
  });
});

describe.skipIf(!isPresent(caddy))(`Caddy (${caddy.component.note})`, () => {
  it("keeps the events to itself when it may compress them, and the first comes before the opening comment", async () => {
    const changes: ConfigChange[] = [["encode @page gzip", "encode gzip"]];
    const stream = await openStream(await serve(caddy, paced(noTransform), { changes }));
    // no-transform or not.
    expect(stream.headers["content-encoding"]).toBe("gzip");
    const [first = 0] = await delays(stream);
    expect(first).toBeGreaterThan(everyMs);
  });

  it("leaves event streams alone as the guide configures it", async () => {
    const stream = await openStream(await serve(caddy, paced()));
    expect(stream.headers).not.toHaveProperty("content-encoding");
    expect(Math.max(...(await delays(stream)))).toBeLessThan(250);
  });
});
