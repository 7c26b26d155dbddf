import { connect } from "node:net";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createBff } from "./bff.ts";
import type { Log } from "./console-log.ts";
import { parsePort } from "./parse-port.ts";
import { type Demo, startDemo } from "./start-demo.ts";

/** The reconnection time, and an event with an id of the log. */
const FIRST_FRAMES =
  /^retry: 1000\nid: [0-9a-z-]+\nevent: progress\ndata: {"percent":0,"status":"QUEUED","message":"Waiting for a worker","bytesProcessed":"0"}\n\n$/;

interface TestDemo extends Demo {
  /** What was logged. */
  readonly lines: readonly string[];
  /** Resolves with the line about a document that contains `text`, said before or after. */
  logged(documentId: string, text: string): Promise<string>;
}

async function start(speed = 1_000, graceMs?: number): Promise<TestDemo> {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const log: Log = (level, documentId, text) => {
    lines.push(`${level} ${documentId} ${text}`);
    for (const check of waiting) check();
  };
  const demo = await startDemo({ port: 0, log, speed, graceMs });
  onTestFinished(demo.close);
  const logged = (documentId: string, text: string): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        const line = lines.find((line) => line.includes(` ${documentId} `) && line.includes(text));
        if (line === undefined) return;
        waiting.delete(check);
        resolve(line);
      };
      waiting.add(check);
      check();
    });
  return { ...demo, lines, logged };
}

function parse(response: Response): ReadableStream<EventSourceMessage> {
  if (response.body === null) throw new Error(`There is no body: ${response.status}`);
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

async function readEvents(response: Response): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  for await (const event of parse(response)) events.push(event);
  return events;
}

/** All events of a document, their data parsed. The last one tells the browser not to come back. */
async function watch(demo: Demo, documentId: string): Promise<{ type: string | undefined; data: unknown }[]> {
  const response = await fetch(`${demo.url}documents/${documentId}/progress`);
  expect(response.status).toBe(200);
  const events = await readEvents(response);
  expect(events.pop()).toMatchObject({ event: "~end", id: "~end" });
  return events.map(({ event, data }) => ({ type: event, data: JSON.parse(data) }));
}

describe("the page", () => {
  it("is served at /", async () => {
    const demo = await start();
    const response = await fetch(demo.url);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toContain("new EventSource(");
  });
});

describe("GET /documents/:id/progress", () => {
  it("answers with an event stream whose first frame leaves at once", async () => {
    const demo = await start(1);
    const response = await fetch(`${demo.url}documents/silent/progress`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!/data.*\n\n$/.test(text)) text += (await reader?.read())?.value ?? expect.fail("the stream has ended");
    expect(text).toMatch(FIRST_FRAMES);
  });

  it("sends an event for each message of the gRPC stream", async () => {
    const demo = await start();
    const events = await watch(demo, "invoice");
    expect(events).toHaveLength(22);
    expect(events.every(({ type }) => type === "progress")).toBe(true);
    expect(events[0]?.data).toEqual({
      percent: 0,
      status: "QUEUED",
      message: "Waiting for a worker",
      bytesProcessed: "0",
    });
    expect(events[11]?.data).toEqual({
      percent: 50,
      status: "PROCESSING",
      message: "Recognising text",
      bytesProcessed: "367001",
    });
    expect(events[21]?.data).toEqual({ percent: 100, status: "COMPLETED", message: "Ready", bytesProcessed: "734003" });
    expect(await demo.logged("invoice", "event stream closed")).toContain("reason=completed");
  });

  it("streams each event as it happens", async () => {
    const demo = await start(1);
    const reader = parse(await fetch(`${demo.url}documents/invoice/progress`)).getReader();
    for (const percent of [0, 0, 5, 10]) {
      expect(JSON.parse((await reader.read()).value?.data ?? "{}")).toMatchObject({ percent });
      // The document is far from finished: nothing waited for the end.
      expect(demo.documentService.openCalls()).toBe(1);
    }
  });

  it("sends one error event for a document that does not exist", async () => {
    const demo = await start();
    const data = { error: "There is no such document.", status: "error", code: "NOT_FOUND", retryable: false };
    expect(await watch(demo, "missing")).toEqual([{ type: "error", data }]);
  });

  it("sends the progress so far and one error event for a document that fails half way", async () => {
    const demo = await start();
    const events = await watch(demo, "broken");
    const error = events.pop();
    expect(events.map(({ type }) => type)).toEqual(Array(15).fill("progress"));
    expect(events.at(-1)?.data).toMatchObject({ percent: 52 });
    expect(error).toEqual({
      type: "error",
      data: {
        error: "Page 7 is protected by a password.",
        status: "error",
        code: "FAILED_PRECONDITION",
        retryable: false,
      },
    });
    expect(await demo.logged("broken", "event stream failed")).toMatch(/^warn /);
  });

  it("says so, without addresses, when the document service is away, and goes on serving", async () => {
    const demo = await start();
    demo.documentService.close();
    const response = await fetch(`${demo.url}documents/report/progress`);
    const [event, ...rest] = await readEvents(response);
    expect(event?.event).toBe("error");
    expect(JSON.parse(event?.data ?? "")).toMatchObject({ status: "error", code: "UNAVAILABLE", retryable: true });
    expect(event?.data).not.toContain(demo.documentService.address);
    // No `~end`: coming back later makes sense.
    expect(rest).toEqual([]);
    expect(await demo.logged("report", "event stream failed")).toContain("warn");
    expect((await fetch(demo.url)).status).toBe(200);
  });

  it("sends one error event when the document service goes away in mid-stream, and lets the browser come back", async () => {
    const demo = await start(1);
    const reader = parse(await fetch(`${demo.url}documents/silent/progress`)).getReader();
    expect((await reader.read()).value).toMatchObject({ event: "progress" });
    demo.documentService.close();
    const { value } = await reader.read();
    expect(value).toMatchObject({ event: "error" });
    expect(JSON.parse(value?.data ?? "")).toMatchObject({ status: "error", retryable: true });
    // No `~end`, which would keep the browser away for good.
    expect((await reader.read()).done).toBe(true);
    expect((await fetch(demo.url)).status).toBe(200);
  });

  it("tells a browser that comes back after the end to stay away", async () => {
    const demo = await start();
    const response = await fetch(`${demo.url}documents/invoice/progress`, { headers: { "Last-Event-ID": "~end" } });
    expect(response.status).toBe(204);
    expect(demo.documentService.openCalls()).toBe(0);
  });

  it("goes on after the last event the browser has seen", async () => {
    const demo = await start();
    const url = `${demo.url}documents/invoice/progress`;
    const all = await readEvents(await fetch(url));
    const lastEventId = all[19]?.id ?? "";
    expect(await readEvents(await fetch(url, { headers: { "Last-Event-ID": lastEventId } }))).toEqual(all.slice(20));
    // As a page asks that opens a new EventSource.
    expect(await readEvents(await fetch(`${url}?lastEventId=${lastEventId}`))).toEqual(all.slice(20));
  });

  it.each(["20", "twenty", "-1", "9999999999"])(
    "says that something may be missing, and begins at the beginning, when it does not know the last event ID %j",
    async (id) => {
      const demo = await start();
      const response = await fetch(`${demo.url}documents/invoice/progress`, { headers: { "Last-Event-ID": id } });
      const [gap, ...events] = await readEvents(response);
      expect(gap).toMatchObject({ event: "gap", data: JSON.stringify({ after: id }) });
      expect(events).toHaveLength(23);
    },
  );

  it("takes ids with any characters", async () => {
    const demo = await start();
    for (const id of ["a b", "a/b", "ä\n\0", "constructor", "%"]) {
      expect(await watch(demo, encodeURIComponent(id))).toMatchObject([{ type: "error", data: { code: "NOT_FOUND" } }]);
    }
  });
});

describe("other requests", () => {
  it.each([
    ["GET", "nowhere", 404],
    ["GET", "documents/report", 404],
    ["GET", "documents//progress", 404],
    ["GET", "documents/%E0%A4%A/progress", 400],
    ["POST", "documents/report/progress", 405],
    ["DELETE", "", 405],
    ["HEAD", "", 200],
    ["HEAD", "documents/silent/progress", 200],
  ])("%s /%s gets %i", async (method, path, status) => {
    const demo = await start();
    const response = await fetch(`${demo.url}${path}`, { method });
    expect(response.status).toBe(status);
    if (status === 405) expect(response.headers.get("allow")).toBe("GET, HEAD");
    await response.text();
    expect(demo.documentService.openCalls()).toBe(0);
  });
});

describe("watchers of the same document", () => {
  const callsOf = (demo: TestDemo): string[] => demo.lines.filter((line) => line.includes("gRPC call"));

  it("share one gRPC call, and see everything from the beginning", async () => {
    const demo = await start(1);
    const first = parse(await fetch(`${demo.url}documents/invoice/progress`)).getReader();
    const begun = await first.read();
    first.releaseLock();
    const late = Array.from({ length: 9 }, () => watch(demo, "invoice"));
    const all = await Promise.all(late);
    for (const events of all) expect(events).toEqual(all[0]);
    expect(all[0]).toHaveLength(22);
    expect(JSON.parse(begun.value?.data ?? "")).toEqual(all[0]?.[0]?.data);
    expect(callsOf(demo)).toEqual(["debug invoice gRPC call started", "debug invoice gRPC call completed"]);
  });

  it("are counted, and so is their call", async () => {
    const demo = await start(1, 0);
    const status = async (): Promise<unknown> => await (await fetch(`${demo.url}status`)).json();
    expect(await status()).toEqual({ servers: [], watchers: {}, calls: {} });
    const controller = new AbortController();
    const { signal } = controller;
    for (const _ of [1, 2]) parse(await fetch(`${demo.url}documents/silent/progress`, { signal })).getReader();
    await vi.waitFor(async () => {
      expect(await status()).toEqual({ servers: [], watchers: { silent: 2 }, calls: { silent: 1 } });
    });
    controller.abort();
    await demo.logged("silent", "gRPC call cancelled");
    await vi.waitFor(async () => expect(await status()).toEqual({ servers: [], watchers: {}, calls: {} }));
  });

  it("have it run again when it is through and nobody has watched for a while", async () => {
    const demo = await start(1_000, 0);
    expect(await watch(demo, "invoice")).toHaveLength(22);
    // Until it is forgotten, the run that is over is shown.
    await vi.waitFor(async () => {
      expect(await watch(demo, "invoice")).toHaveLength(22);
      expect(callsOf(demo)).toHaveLength(4);
    });
  });
});

describe("a client that goes away", () => {
  it("cancels the gRPC call by aborting its fetch", async () => {
    const demo = await start(1, 0);
    const controller = new AbortController();
    const response = await fetch(`${demo.url}documents/silent/progress`, { signal: controller.signal });
    await parse(response).getReader().read();
    expect(demo.documentService.openCalls()).toBe(1);
    controller.abort();
    await demo.logged("silent", "gRPC call cancelled");
    expect(demo.documentService.openCalls()).toBe(0);
    expect(await demo.logged("silent", "event stream closed")).toContain(" events=1 ");
  });

  it.each(["destroy", "resetAndDestroy", "end"] as const)("cancels the gRPC call by socket.%s()", async (leave) => {
    const demo = await start(1, 0);
    const { port } = new URL(demo.url);
    const socket = connect(Number(port), "localhost");
    onTestFinished(() => void socket.destroy());
    socket.write("GET /documents/silent/progress HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.on("data", (data) => data.includes("QUEUED") && resolve(undefined)));
    expect(demo.documentService.openCalls()).toBe(1);
    socket[leave]();
    await demo.logged("silent", "gRPC call cancelled");
    expect(demo.documentService.openCalls()).toBe(0);
  });

  it("leaves the call to those who still watch", async () => {
    const demo = await start(1, 0);
    const [leaving, staying] = await Promise.all(
      ["", ""].map(async () => parse(await fetch(`${demo.url}documents/invoice/progress`)).getReader()),
    );
    await leaving?.read();
    await leaving?.cancel();
    await demo.logged("invoice", "event stream closed");
    let count = 0;
    while (!(await staying?.read())?.done) count++;
    expect(count).toBe(23);
    expect(demo.lines.filter((line) => line.includes("gRPC call"))).toHaveLength(2);
  });

  it("finds its call when it comes back at once, as a page does that is loaded again", async () => {
    const demo = await start(1);
    const url = `${demo.url}documents/silent/progress`;
    const first = parse(await fetch(url)).getReader();
    const { value } = await first.read();
    await first.cancel();
    await demo.logged("silent", "event stream closed");
    const again = parse(await fetch(url)).getReader();
    expect((await again.read()).value).toEqual(value);
    expect(demo.lines.filter((line) => line.includes("gRPC call"))).toEqual(["debug silent gRPC call started"]);
  });
});

describe("pages of other servers", () => {
  const servers = ["http://localhost:1", "http://localhost:2"];
  const bff = createBff({ documentService: "127.0.0.1:1", log: () => undefined, servers });
  afterAll(() => bff.close());

  const answerTo = (path: string, origin?: string): Response =>
    bff.fetch(new Request(`http://localhost:1${path}`, { method: "HEAD", headers: origin ? { Origin: origin } : {} }));

  it.each(["/documents/report/progress", "/status"])("may read %s", (path) => {
    const { headers } = answerTo(path, servers[1]);
    expect(headers.get("access-control-allow-origin")).toBe(servers[1]);
    expect(headers.get("vary")).toBe("Origin");
  });

  it.each([undefined, "null", "http://localhost:3", "http://localhost"])("may not when they are %s", (origin) => {
    const { headers } = answerTo("/documents/report/progress", origin);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("vary")).toBe("Origin");
  });
});

describe("startDemo", () => {
  it("says what to do when the port is taken", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(startDemo({ port, log: () => undefined })).rejects.toThrow(
      `Port ${port} is taken. Set PORT to a free one, or to 0 for any.`,
    );
  });

  it("ends open streams when it is closed, and tells browsers to come back", async () => {
    const demo = await start(1);
    const reader = (await fetch(`${demo.url}documents/silent/progress`)).body
      ?.pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    const readUntil = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) text += (await reader?.read())?.value ?? expect.fail("the stream has ended");
    };
    await readUntil(/data.*\n\n$/);
    await demo.close();
    await readUntil(/data.*\n\nretry: \d+\n$/);
    expect((await reader?.read())?.done).toBe(true);
    await demo.logged("silent", "gRPC call cancelled");
  });
});

describe("parsePort", () => {
  it.each([
    [undefined, 8080],
    ["0", 0],
    ["65535", 65_535],
  ])("takes %j for %i", (text, port) => {
    expect(parsePort(text)).toBe(port);
  });

  it.each(["", "-1", "65536", "80.5", "1e3", "0x50", " 80", "http"])("refuses %j", (text) => {
    expect(() => parsePort(text)).toThrow(`PORT must be an integer from 0 to 65535, got "${text}".`);
  });

  it("leaves room for the other servers", () => {
    expect(parsePort("65534", 2)).toBe(65_534);
    expect(() => parsePort("65535", 2)).toThrow(`PORT must be an integer from 0 to 65534, got "65535".`);
  });
});
