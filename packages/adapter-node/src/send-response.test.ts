import { describe, expect, it, onTestFinished, vi } from "vitest";
import { deferred } from "../test/deferred.ts";
import { expectNoWarnings, serve } from "../test/local-server.ts";
import { endless, probeBody } from "../test/probe-body.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { closingBody, foreign, onWrite, sending } from "../test/sending-server.ts";
import { sendResponse } from "./send-response.ts";

describe("sendResponse: failure", () => {
  expectNoWarnings();

  const failsWith500: [string, () => Promise<Response>][] = [
    [
      "case 14: a locked body",
      async () => {
        const response = new Response("secret");
        response.body?.getReader();
        return response;
      },
    ],
    [
      "case 15: a used body",
      async () => {
        const response = new Response("secret");
        await response.text();
        return response;
      },
    ],
    [
      "case 36: a partly read body",
      async () => {
        const response = new Response(probeBody(["secret", "rest"]).stream);
        const reader = response.body?.getReader();
        await reader?.read();
        reader?.releaseLock();
        return response;
      },
    ],
    ["case 26: an invalid header value", async () => foreign({ headers: [["x-secret", "a\r\nb: c"]] })],
    ["Response.error()", async () => Response.error()],
  ];

  it.each(failsWith500)("%s becomes an empty 500, and the next request is fine", async (_, make) => {
    const responses = [await make(), new Response("fine")];
    const { port, errors } = await sending((res) => {
      if (responses.length === 2) res.setHeader("x-before", "1");
      return responses.shift() ?? Response.error();
    });
    const client = await rawClient(port, get());
    const first = await client.until(/\r\n\r\n$/);
    expect(first).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(first).toMatch(/content-length: 0\r\n/i);
    expect(first).not.toMatch(/secret|x-before/);
    expect(errors).toHaveLength(1);
    client.socket.write(get());
    await client.until(/fine/);
  });

  it("case 36: sends a Response once; the second time it is a 500", async () => {
    const response = new Response("once");
    const { url, errors } = await sending(() => response);
    expect(await (await fetch(url)).text()).toBe("once");
    expect((await fetch(url)).status).toBe(500);
    expect(errors).toHaveLength(1);
  });

  it.each([
    ["case 16: before the first chunk", []],
    ["case 17: after chunks", ["one", "two"]],
  ])("%s a failing body cuts the connection with nothing appended", async (_, chunks) => {
    const failure = new Error("secret");
    const body = probeBody(chunks);
    const { port, errors, settled, clientErrors } = await sending(() => new Response(body.stream));
    const client = await rawClient(port, get());
    await client.until(chunks.length > 0 ? /two\r\n$/ : /\r\n\r\n$/);
    await body.idle.promise;
    body.fail(failure);
    const received = await client.closed;
    expect(received).toMatch(chunks.length > 0 ? /two\r\n$/ : /\r\n\r\n$/);
    expect(received).not.toContain("secret");
    await settled[0];
    expect(errors).toEqual([failure]);
    expect(clientErrors).toEqual([]);
  });

  it.each([
    ["before the first chunk", []],
    ["after chunks", ["one"]],
  ])("case 19: a body that fails %s is no 'clientError'", async (_, chunks) => {
    const body = probeBody(chunks);
    const { server, port, settled, clientErrors } = await sending(() => new Response(body.stream));
    const client = await rawClient(port, get());
    await client.until(chunks.length > 0 ? /one\r\n$/ : /\r\n\r\n$/);
    body.fail(new Error("secret"));
    await client.closed;
    await settled[0];
    // The server would have told by the time the connection is gone.
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
    expect(clientErrors).toEqual([]);
  });

  it("cuts the connection when the body is not as long as Content-Length says", async () => {
    const lengths = { short: "abc", long: "abcdefgh" };
    for (const [name, text] of Object.entries(lengths)) {
      const { port, errors } = await sending(
        () => new Response(closingBody([text]), { headers: { "content-length": "5" } }),
      );
      const client = await rawClient(port, get());
      await client.closed;
      expect(errors, name).toHaveLength(1);
    }
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("cancel failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("cancel failed"))],
  ])("case 20: reports once when cancel() %s", async (_, cancel) => {
    const reported = deferred<unknown>();
    const { port, settled } = await sending(() => new Response(new ReadableStream({ cancel })), {
      onError: (error) => reported.resolve(error),
    });
    const client = await rawClient(port, get());
    await client.until(/\r\n\r\n$/);
    client.socket.destroy();
    expect(await reported.promise).toMatchObject({ message: "cancel failed" });
    await settled[0];
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("hook failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("hook failed"))],
  ])("case 21: prints what onError %s with, and answers all the same", async (_, onError) => {
    const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
    onTestFinished(() => printed.mockRestore());
    const { url } = await sending(() => Response.error(), { onError });
    expect((await fetch(url)).status).toBe(500);
    expect(printed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: "hook failed" }));
  });

  it("prints a failure when there is no onError", async () => {
    const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
    onTestFinished(() => printed.mockRestore());
    const { url } = await sending(() => Response.error(), { onError: undefined });
    expect((await fetch(url)).status).toBe(500);
    expect(printed).toHaveBeenCalledOnce();
  });

  it("case 33: refuses when the head was sent before, cancels the body and cuts the connection", async () => {
    const body = probeBody();
    const { port, errors } = await sending((res) => {
      res.flushHeaders();
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    await client.closed;
    await body.cancelled.promise;
    expect(errors).toHaveLength(1);
  });

  it("case 33: refuses when the response was ended before, and leaves it as it is", async () => {
    const body = probeBody();
    const { url, errors, settled } = await sending((res) => {
      res.end("mine");
      return new Response(body.stream);
    });
    expect(await (await fetch(url)).text()).toBe("mine");
    await body.cancelled.promise;
    await settled[0];
    expect(errors).toHaveLength(1);
  });

  it("case 33: cancels in silence when the response was destroyed before", async () => {
    const body = probeBody();
    const { port, errors, settled } = await sending((res) => {
      res.destroy();
      return new Response(body.stream);
    });
    const client = await rawClient(port, get());
    await client.closed;
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
    await settled[0];
    expect(errors).toEqual([]);
  });

  it("leaves a response alone that is being sent when another is given to the same res, and says so", async () => {
    const [first, second] = [probeBody(), probeBody()];
    const { port, errors, settled } = await sending((res) => {
      // Given after this one, which is sent below.
      queueMicrotask(() => {
        settled.push(sendResponse(new Response(second.stream), res, { onError: (error) => errors.push(error) }));
      });
      return new Response(first.stream);
    });
    const client = await rawClient(port, get());
    const reason = await second.cancelled.promise;
    expect(errors).toEqual([reason]);
    expect(String(reason)).toBe("Error: Cannot send response: another one was given to the same `res` before");
    await settled[1];
    first.push("whole");
    first.close();
    expect(await client.until(/0\r\n\r\n$/)).toMatch(/\r\n\r\n5\r\nwhole\r\n0\r\n\r\n$/);
    await settled[0];
    expect(errors).toHaveLength(1);
  });

  it("cancels when somebody else ends the response half way", async () => {
    const body = probeBody(["one"]);
    let end = (): void => undefined;
    const { url, settled } = await sending((res) => {
      end = () => void res.end();
      return new Response(body.stream);
    });
    const response = await fetch(url);
    await body.idle.promise;
    end();
    expect(await response.text()).toBe("one");
    await body.cancelled.promise;
    await settled[0];
  });

  it("writes nothing more once somebody else has ended the response", async () => {
    const body = probeBody(endless(new Uint8Array(100_000)));
    let writesAfterEnd = 0;
    const { url, settled } = await sending((res) => {
      onWrite(
        res,
        () => void (res.writableEnded || res.end()),
        () => {
          if (res.writableEnded) writesAfterEnd += 1;
        },
      );
      return new Response(body.stream);
    });
    await (await fetch(url)).arrayBuffer();
    await body.cancelled.promise;
    await settled[0];
    expect(writesAfterEnd).toBe(0);
  });
});

describe("sendResponse: options", () => {
  it.each<[object, RegExp]>([
    [
      { writeTimeoutMs: "1" },
      /^TypeError: .*`writeTimeoutMs`.*integer from 1 to 2147483647 \(ms\), or false, got string/,
    ],
    [{ writeTimeoutMs: null }, /^TypeError: Cannot send response: `writeTimeoutMs` must be .* got null$/],
    [{ writeTimeoutMs: 0 }, /^RangeError: .*`writeTimeoutMs`.*got 0$/],
    [{ writeTimeoutMs: 1.5 }, /^RangeError: .*`writeTimeoutMs`.*1\.5/],
    [{ writeTimeoutMs: 2 ** 31 }, /^RangeError: .*`writeTimeoutMs`/],
    [{ onError: "log" }, /^TypeError: .*`onError`.*a function, got string/],
    [
      { onerror: () => undefined },
      /^TypeError: Cannot send response: unknown option `onerror`, allowed are `onError`, `writeTimeoutMs`$/,
    ],
  ])("refuses %o by name, and says what is allowed", async (options, message) => {
    const thrown = deferred<unknown>();
    const { url } = await serve((_req, res) => {
      try {
        void sendResponse(new Response(), res, options);
      } catch (error) {
        thrown.resolve(error);
      }
      res.end();
    });
    await fetch(url);
    expect(String(await thrown.promise)).toMatch(message);
  });
});
