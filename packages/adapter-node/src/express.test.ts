import { gunzipSync } from "node:zlib";
import compression from "compression";
import express, { type Express } from "express";
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../test/deferred.ts";
import { expectNoWarnings, serve } from "../test/local-server.ts";
import { probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { toNodeHandler } from "./to-node-handler.ts";

const serveApp = (app: Express) => serve((req, res) => void app(req, res));

describe("toNodeHandler in Express", () => {
  expectNoWarnings();

  it.each(["no-cache", "no-cache, no-transform"])(
    "case 32: an event passes compression() as it comes, with Cache-Control: %s",
    async (cacheControl) => {
      const body = probeBody();
      const headers = { "content-type": "text/event-stream", "cache-control": cacheControl };
      const app = express();
      app.use(compression({ threshold: 0 }));
      app.get(
        "/",
        toNodeHandler(() => new Response(body.stream, { headers })),
      );
      const { url } = await serveApp(app);
      const response = await fetch(url);
      expect(response.headers.get("content-encoding")).toBe(cacheControl === "no-cache" ? "gzip" : null);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
        await body.idle.promise;
        body.push(event);
        expect(await reader?.read()).toEqual({ done: false, value: event });
      }
      await reader?.cancel();
      await body.cancelled.promise;
    },
  );

  it("case 32: 1 000 held-back writes through compression() add no listeners and lose nothing", async () => {
    const chunk = crypto.getRandomValues(new Uint8Array(4_096));
    const body = probeBody(Array.from({ length: 1_000 }, () => chunk));
    void body.idle.promise.then(() => body.close());
    let drainListeners = 0;
    const app = express();
    app.use(compression({ threshold: 0 }));
    app.get(
      "/",
      (_req, res, next) => {
        const on = vi.spyOn(res, "on");
        res.once("close", () => {
          drainListeners = on.mock.calls.filter(([event]) => String(event) === "drain").length;
        });
        next();
      },
      toNodeHandler(() => new Response(body.stream, { headers: { "content-type": "text/plain" } })),
    );
    const { port } = await serveApp(app);
    const client = await rawClient(port, get("/", "accept-encoding: gzip\r\nconnection: close\r\n"));
    const received = Buffer.from(await client.closed, "latin1");
    expect(gunzipSync(dechunk(received)).byteLength).toBe(1_000 * 4_096);
    expect(drainListeners).toBe(1);
  });

  it("case 24: keeps the cookies and X-Powered-By of Express", async () => {
    const app = express();
    app.get(
      "/",
      (_req, res, next) => {
        res.cookie("a", "1");
        next();
      },
      toNodeHandler(() => new Response("x", { headers: { "set-cookie": "b=2" } })),
    );
    const { url } = await serveApp(app);
    const response = await fetch(url);
    expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
    expect(response.headers.get("x-powered-by")).toBe("Express");
  });

  it("case 40: explains itself when express.json() has read the body", async () => {
    const reading = deferred<unknown>();
    const app = express();
    app.use(express.json());
    app.post(
      "/",
      toNodeHandler(async (request, { req }) => {
        await request.json().catch(reading.resolve);
        return Response.json("body" in req ? req.body : "lost");
      }),
    );
    const { url } = await serveApp(app);
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", body: '{"a":1}', headers });
    expect(await response.json()).toEqual({ a: 1 });
    expect(String(await reading.promise)).toMatch(/it was read before, look for the parsed value in `req.body`/);
  });

  it("case 41: gives the whole URL in a mounted router", async () => {
    const router = express.Router();
    router.get(
      "/events",
      toNodeHandler((request) => new Response(new URL(request.url).pathname)),
    );
    const app = express();
    app.use("/api", router);
    const { url } = await serveApp(app);
    expect(await (await fetch(`${url}/api/events`)).text()).toBe("/api/events");
  });

  it("leaves a handler's error to the error middleware", async () => {
    const app = express();
    app.get(
      "/",
      toNodeHandler(() => Promise.reject(new Error("mine"))),
    );
    app.use(((error, _req, res, _next) => {
      res.status(503).send(error.message);
    }) satisfies express.ErrorRequestHandler);
    const { url } = await serveApp(app);
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([503, "mine"]);
  });
});

/** The body of a chunked response. */
function dechunk(response: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = response.indexOf("\r\n\r\n") + 4;
  for (;;) {
    const lineEnd = response.indexOf("\r\n", at);
    const size = Number.parseInt(response.toString("latin1", at, lineEnd), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(response.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
