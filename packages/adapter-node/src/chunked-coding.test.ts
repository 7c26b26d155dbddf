import type { ServerResponse } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../test/deferred.ts";
import { expectNoWarnings, serve } from "../test/local-server.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { isChunked, toChunk } from "./chunked-coding.ts";
import { sendResponse } from "./send-response.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A body of what `chunks` yields. */
function bodyOf(chunks: Iterable<Uint8Array>, ready: Promise<void> = Promise.resolve()): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      await ready;
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

expectNoWarnings();

describe("toChunk", () => {
  it("puts the size in hexadecimal digits before the bytes", () => {
    expect(text(toChunk(bytes("data: 1\n\n")))).toBe("9\r\ndata: 1\n\n\r\n");
    expect(text(toChunk(new Uint8Array(16 * 1024))).slice(0, 6)).toBe("4000\r\n");
  });

  it("makes the chunk once of bytes that many responses send, one after the other", () => {
    const [shared, other] = [bytes("a"), bytes("a")];
    const chunk = toChunk(shared);
    expect(toChunk(shared)).toBe(chunk);
    expect(toChunk(other)).not.toBe(chunk);
    expect(toChunk(shared)).toEqual(chunk);
  });
});

describe("isChunked", () => {
  /** Asked once the head of the answer to `request` was sent. */
  async function ask(request: string, prepare: (res: ServerResponse) => void = () => undefined): Promise<boolean> {
    const { promise, resolve } = deferred<boolean>();
    const { port } = await serve((_req, res) => {
      prepare(res);
      res.flushHeaders();
      resolve(isChunked(res));
      res.end();
    });
    const client = await rawClient(port, request);
    const answer = await promise;
    client.socket.destroy();
    return answer;
  }

  it("is what HTTP/1.1 is without a length, and HTTP/1.0 never", async () => {
    expect(await ask(get())).toBe(true);
    expect(await ask("GET / HTTP/1.0\r\n\r\n")).toBe(false);
    expect(await ask(get(), (res) => res.setHeader("content-length", "0"))).toBe(false);
  });

  it("is not what somebody wants to see who has put a `write` of their own on the response", async () => {
    const wrap = (res: ServerResponse): void => {
      const write = res.write.bind(res);
      vi.spyOn(res, "write").mockImplementation((chunk: unknown) => write(chunk));
    };
    expect(await ask(get(), wrap)).toBe(false);
  });
});

describe("sendResponse, in chunks", () => {
  it("does not end the body with an empty chunk", async () => {
    const { url } = await serve((_req, res) => {
      void sendResponse(new Response(bodyOf([bytes("a"), new Uint8Array(), bytes("b")])), res);
    });
    expect(await (await fetch(url)).text()).toBe("ab");
  });

  it("sends what is in a buffer now, of a body that fills the same one again and again", async () => {
    const buffer = new Uint8Array(1);
    function* letters(): Generator<Uint8Array> {
      for (const letter of "abc") {
        buffer.set(bytes(letter));
        yield buffer;
      }
    }
    const { url } = await serve((_req, res) => void sendResponse(new Response(bodyOf(letters())), res));
    expect(await (await fetch(url)).text()).toBe("abc");
  });

  it("goes through a `write` that somebody has put on the response, each chunk of it", async () => {
    const seen: string[] = [];
    const { url } = await serve((_req, res) => {
      const write = res.write.bind(res);
      vi.spyOn(res, "write").mockImplementation((chunk: Uint8Array) => {
        seen.push(text(chunk));
        return write(chunk);
      });
      void sendResponse(new Response(bodyOf([bytes("a"), bytes("b")])), res);
    });
    expect(await (await fetch(url)).text()).toBe("ab");
    expect(seen).toEqual(["a", "b"]);
  });

  it("ends with the connection for HTTP/1.0, with nothing but the body in it", async () => {
    const { port } = await serve((_req, res) => void sendResponse(new Response(bodyOf([bytes("a"), bytes("b")])), res));
    const client = await rawClient(port, "GET / HTTP/1.0\r\n\r\n");
    expect(await client.closed).toMatch(/\r\n\r\nab$/);
  });

  it("answers pipelined requests in order, each body whole, on a connection that is kept", async () => {
    let count = 0;
    const first = deferred();
    const { port } = await serve((_req, res) => {
      const name = "wxyz".charAt(count++);
      // The first is the last to be ready.
      if (name === "z") first.resolve();
      const parts = Array<Uint8Array>(3).fill(bytes(name.repeat(5_000)));
      void sendResponse(new Response(bodyOf(parts, name === "w" ? first.promise : undefined)), res);
    });
    const client = await rawClient(port, get().repeat(3) + get("/", "connection: close\r\n"));
    const bodies = (await client.closed).replaceAll(/(?<=^|\n)[0-9a-f]+\r\n|\r\n/g, "").match(/([w-z])\1{14999}/g);
    expect(bodies?.map(([letter]) => letter)).toEqual(["w", "x", "y", "z"]);
  });

  it("goes on after a client that was slow, from the 'drain' of its socket", async () => {
    const count = 2_000;
    const responses: ServerResponse[] = [];
    const { port } = await serve((_req, res) => {
      responses.push(res);
      const parts = Array<Uint8Array>(count).fill(new Uint8Array(16 * 1024).fill(97));
      void sendResponse(new Response(bodyOf(parts)), res);
    });
    const client = await rawClient(port, get("/", "connection: close\r\n"), { paused: true });
    await vi.waitUntil(() => responses[0]?.socket?.writableNeedDrain);
    client.socket.resume();
    expect((await client.closed).match(/a{16384}/g)).toHaveLength(count);
  });
});
