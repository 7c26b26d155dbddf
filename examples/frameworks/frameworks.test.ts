import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type NodeServer, toNodeHandler } from "@ssewire/adapter-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { accessLog } from "./jobs.ts";
import * as nextRoute from "./next-route.ts";
import { loader } from "./react-router-loader.ts";
import { GET as svelteKitEndpoint } from "./sveltekit-endpoint.ts";
import { controlledJob } from "./test/controlled-job.ts";
import { decoded, type Exchange, overHttp1, overHttp2 } from "./test/exchange.ts";
import { watchLog } from "./test/watch-log.ts";

/** Serves a route function as its framework would. */
const serving = (route: (request: Request, id: string) => Response | Promise<Response>): Server => {
  const listener = toNodeHandler((request) => route(request, idOf(request.url)), {
    onError: (error) => accessLog.write(`failed: ${error}`),
  });
  return createServer((req, res) => void listener(req, res));
};

const idOf = (url: string): string => url.split("/").at(-2) ?? "";

const pagesApi = async (): Promise<Server> => {
  const { default: handler } = await import("./next-pages-api.ts");
  return createServer(async (req: IncomingMessage, res: ServerResponse) => {
    try {
      await handler(Object.assign(req, { query: { id: idOf(req.url ?? "") } }), res);
    } catch {
      res.writeHead(500).end("the answer of Next.js");
    }
  });
};

interface Example {
  readonly server: () => NodeServer | Promise<NodeServer>;
  /** Set by the framework's own middleware; a route function has none. */
  readonly servedBy?: string;
  /** What the framework itself answers when the route throws. */
  readonly failure: RegExp;
  readonly prefix?: string;
  /** Whether its hooks and middleware log each exchange when it is over. */
  readonly logs: boolean;
  /** What they log in place of the status when the client leaves. */
  readonly aborted?: string;
}

const examples: Record<string, Example> = {
  "Express behind compression()": {
    server: async () => (await import("./express.ts")).server,
    servedBy: "Express",
    failure: /<pre>Error: There is no job none/,
    logs: true,
  },
  Fastify: {
    server: async () => (await import("./fastify.ts")).server,
    servedBy: "Fastify",
    failure: /^\{"statusCode":500,"error":"Internal Server Error","message":"There is no job none"\}$/,
    logs: true,
    aborted: "aborted",
  },
  Koa: {
    server: async () => (await import("./koa.ts")).server,
    servedBy: "Koa",
    failure: /^Internal Server Error$/,
    logs: true,
  },
  NestJS: {
    server: async () => (await import("./nest.ts")).server,
    servedBy: "Nest",
    failure: /^\{"statusCode":500,"message":"Internal server error"\}$/,
    logs: true,
  },
  // Before Hono, whose server puts a Response of its own in place of the global one, which h3 does not know.
  h3: {
    server: async () => (await import("./h3.ts")).server,
    servedBy: "h3",
    failure: /"status":\s*500/,
    logs: true,
  },
  Hono: {
    server: async () => (await import("./hono.ts")).server,
    servedBy: "Hono",
    failure: /^Internal Server Error$/,
    logs: true,
  },
  "Hono, through env.outgoing": {
    server: async () => (await import("./hono.ts")).server,
    servedBy: "Hono",
    failure: /^Internal Server Error$/,
    prefix: "/node",
    logs: true,
  },
  "node:http": {
    server: async () => (await import("./node-http.ts")).server,
    servedBy: "Node",
    failure: /^$/,
    logs: true,
  },
  "node:http2": {
    server: async () => (await import("./node-http2.ts")).server,
    servedBy: "Node",
    failure: /^$/,
    logs: true,
  },
  "Next.js route handler": {
    server: () => serving((request, id) => nextRoute.GET(request, { params: Promise.resolve({ id }) })),
    failure: /^$/,
    logs: false,
  },
  "Next.js pages API": { server: pagesApi, failure: /^the answer of Next\.js$/, logs: false },
  "SvelteKit endpoint": {
    server: () => serving((request, id) => svelteKitEndpoint({ request, params: { id } })),
    failure: /^$/,
    logs: false,
  },
  "React Router loader": {
    server: () => serving((request, id) => loader({ request, params: { id } })),
    failure: /^$/,
    logs: false,
  },
};

const frame = (percent: number): string => `event: progress\ndata: {"percent":${percent}}\n\n`;

describe.each(Object.entries(examples))(
  "%s",
  (name, { server: load, servedBy, failure, prefix = "", logs, aborted = "200" }) => {
    const problems: unknown[] = [];
    const record = (problem: unknown): void => void problems.push(problem);
    let server: NodeServer;
    let origin = "";

    const open = (id = "1"): Promise<Exchange> =>
      (name === "node:http2" ? overHttp2 : overHttp1)(`${origin}${prefix}/jobs/${id}/progress`);
    const line = (id: string, status: string): string => `GET ${prefix}/jobs/${id}/progress ${status}`;

    beforeAll(async () => {
      server = await load();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
    });
    beforeEach(() => {
      process.on("unhandledRejection", record).on("uncaughtException", record).on("warning", record);
    });
    afterEach(() => {
      process.off("unhandledRejection", record).off("uncaughtException", record).off("warning", record);
      vi.restoreAllMocks();
      expect(problems).toEqual([]);
    });

    it("case 46: sends the head, then each event before there is another, and logs when all is sent", async () => {
      const log = watchLog();
      const job = controlledJob();
      const { status, header, until, rest } = await open();
      expect(status).toBe(200);
      expect(header("content-type")).toMatch(/^text\/event-stream/);
      expect(header("x-served-by")).toBe(servedBy ?? null);
      for (const percent of [10, 20, 30]) {
        expect(log.lines).toEqual([]);
        job.emit(percent);
        await until(frame(percent));
      }
      job.end();
      expect(await rest()).toBe(frame(10) + frame(20) + frame(30));
      await job.released;
      if (logs) await log.until(line("1", "200"));
    });

    it("case 46: releases the source when the client leaves, then serves the next one", async () => {
      const log = watchLog();
      const job = controlledJob();
      const { until, leave } = await open();
      job.emit(10);
      await until(frame(10));
      leave();
      await job.released;
      if (logs) await log.until(line("1", aborted));
      expect(log.lines.filter((each) => each.startsWith("failed"))).toEqual([]);
      const next = controlledJob();
      const { rest } = await open();
      next.emit(20);
      next.end();
      expect(await rest()).toBe(frame(20));
    });

    it("case 46: answers an error before the head as the framework does, then serves the next client", async () => {
      const log = watchLog();
      // Express prints what nobody handles.
      vi.spyOn(console, "error").mockReturnValue(undefined);
      const failed = await open("none");
      expect(failed.status).toBe(500);
      expect(await failed.rest()).toMatch(failure);
      if (logs) await log.until(line("none", "500"));
      const job = controlledJob();
      const { rest } = await open();
      job.emit(30);
      job.end();
      expect(await rest()).toBe(frame(30));
    });
  },
);

describe.each<[string, (request: Request) => Response | Promise<Response>]>([
  ["Next.js route handler", (request) => nextRoute.GET(request, { params: Promise.resolve({ id: "1" }) })],
  ["SvelteKit endpoint", (request) => svelteKitEndpoint({ request, params: { id: "1" } })],
  ["React Router loader", (request) => loader({ request, params: { id: "1" } })],
])("%s, called as a function", (_, route) => {
  afterEach(() => vi.restoreAllMocks());

  it("case 46: returns an event stream, and releases the source when the request is aborted", async () => {
    const job = controlledJob();
    const controller = new AbortController();
    const response = await route(new Request("http://test/jobs/1/progress", { signal: controller.signal }));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const events = decoded(response.body ?? new ReadableStream());
    job.emit(10);
    expect((await events.next()).value).toBe(frame(10));
    controller.abort();
    await job.released;
    expect((await events.next()).done).toBe(true);
  });
});
