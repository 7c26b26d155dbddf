import { SSEManager } from "@ssewire/core";
import { type Response as InjectedResponse, type InjectOptions, inject } from "light-my-request";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { expectNoWarnings } from "../test/local-server.ts";
import { toNodeHandler, type WebHandler } from "./to-node-handler.ts";

/** What light-my-request, by which Fastify and others are tested without a server, gets for an answer. */
async function injected(
  handler: WebHandler,
  request: InjectOptions,
  prepare: (req: object) => void = () => undefined,
): Promise<InjectedResponse> {
  const errors: unknown[] = [];
  const listener = toNodeHandler(handler, { onError: (error) => errors.push(error) });
  const response = await inject((req, res) => {
    prepare(req);
    void listener(req, res);
  }, request);
  expect(errors).toEqual([]);
  return response;
}

describe("toNodeHandler, called without a socket", () => {
  expectNoWarnings();

  it("sends an event stream", async () => {
    const { headers, payload } = await injected(
      (request) => SSEManager.createResponse([{ percent: 50 }], { eventType: "progress", request }),
      { url: "/" },
    );
    expect(headers["content-type"]).toBe("text/event-stream");
    expect(payload).toBe('event: progress\ndata: {"percent":50}\n\n');
  });

  it("reads a body", async () => {
    const { payload } = await injected(async (request) => new Response(await request.text()), {
      url: "/",
      method: "POST",
      payload: "hello",
    });
    expect(payload).toBe("hello");
  });

  it.each([[undefined], [{}]])("reads a body of a request whose socket is %o", async (socket) => {
    const { payload } = await injected(
      async (request) => new Response(await request.text()),
      { url: "/", method: "POST", payload: "hello" },
      (req) => Object.defineProperty(req, "socket", { value: socket }),
    );
    expect(payload).toBe("hello");
  });

  it("does not watch for the rest of a body that nobody has read", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { payload } = await injected(() => new Response("answer"), { url: "/", method: "POST", payload: "hello" });
    expect(payload).toBe("answer");
    expect(vi.getTimerCount()).toBe(0);
  });
});
