import { connect } from "node:net";
import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Log } from "./console-log.ts";
import { parsePort } from "./parse-port.ts";
import { type Demo, startDemo } from "./start-demo.ts";

const FIRST_FRAME =
  'id: 1\nevent: progress\ndata: {"percent":0,"status":"QUEUED","message":"Waiting for a worker","bytesProcessed":"0"}\n\n';

interface TestDemo extends Demo {
  /** Resolves with the line about a document that contains `text`, said before or after. */
  logged(documentId: string, text: string): Promise<string>;
}

async function start(speed = 1_000): Promise<TestDemo> {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const log: Log = (level, documentId, text) => {
    lines.push(`${level} ${documentId} ${text}`);
    for (const check of waiting) check();
  };
  const demo = await startDemo({ port: 0, log, speed });
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
  return { ...demo, logged };
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
    while (!text.endsWith("\n\n")) text += (await reader?.read())?.value ?? expect.fail("the stream has ended");
    // On a machine that is busy an empty comment comes first: it opens the stream when 100 ms passed without an event.
    expect(text.replace(/^:\n/, "")).toBe(FIRST_FRAME);
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
    const response = await fetch(`${demo.url}documents/invoice/progress`, { headers: { "Last-Event-ID": "20" } });
    const events = await readEvents(response);
    expect(events.map(({ id }) => id)).toEqual(["21", "22", "~end"]);
    expect(JSON.parse(events[1]?.data ?? "")).toMatchObject({ percent: 100 });
  });

  it.each(["", "twenty", "-1", "1e9", "9999999999"])(
    "begins at the beginning when the last event ID is %j",
    async (id) => {
      const demo = await start();
      const response = await fetch(`${demo.url}documents/invoice/progress`, { headers: { "Last-Event-ID": id } });
      expect(await readEvents(response)).toHaveLength(23);
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

describe("a client that goes away", () => {
  it("cancels the gRPC call by aborting its fetch", async () => {
    const demo = await start(1);
    const controller = new AbortController();
    const response = await fetch(`${demo.url}documents/silent/progress`, { signal: controller.signal });
    await response.body?.getReader().read();
    expect(demo.documentService.openCalls()).toBe(1);
    controller.abort();
    await demo.logged("silent", "gRPC call cancelled");
    expect(demo.documentService.openCalls()).toBe(0);
    expect(await demo.logged("silent", "event stream closed")).toContain(" events=1 ");
  });

  it.each(["destroy", "resetAndDestroy", "end"] as const)("cancels the gRPC call by socket.%s()", async (leave) => {
    const demo = await start(1);
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
});

describe("startDemo", () => {
  it("says what to do when the port is taken", async () => {
    const { url } = await start();
    const port = Number(new URL(url).port);
    await expect(startDemo({ port, log: () => undefined })).rejects.toThrow(
      `Port ${port} is taken. Set PORT to a free one, or to 0 for any.`,
    );
  });

  it("ends open streams when it is closed", async () => {
    const demo = await start(1);
    const response = await fetch(`${demo.url}documents/silent/progress`);
    const reader = response.body?.getReader();
    await reader?.read();
    demo.close();
    await expect(reader?.read()).rejects.toThrow();
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
});
