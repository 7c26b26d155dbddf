import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { EventSource, MessageEvent } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventFields, encodeEvent } from "./encode-event.ts";

describe("encodeEvent", () => {
  it("writes the seed's frame", () => {
    expect(encodeEvent({ event: "progress", data: '{"percent":50}' })).toBe(
      'event: progress\ndata: {"percent":50}\n\n',
    );
  });

  it("writes the fields in the order comment, id, event, retry, data", () => {
    expect(encodeEvent({ data: "d", retry: 5, event: "e", id: "i", comment: "c" })).toBe(
      ": c\nid: i\nevent: e\nretry: 5\ndata: d\n\n",
    );
  });

  it.each<[string, EventFields, string]>([
    ["nothing but a blank line for no fields", {}, "\n"],
    ["empty data", { data: "" }, "data: \n\n"],
    ["an empty id, which resets it", { id: "" }, "id: \n\n"],
    ["a reconnection time of 0", { retry: 0 }, "retry: 0\n\n"],
    ["an empty comment", { comment: "" }, ": \n\n"],
    [
      "a line for each line of data, whatever its end",
      { data: "a\r\nb\rc\nd" },
      "data: a\ndata: b\ndata: c\ndata: d\n\n",
    ],
    ["a line break at the end of data", { data: "a\r" }, "data: a\ndata: \n\n"],
    ["a line for each line of a comment", { comment: "a\r\nb\n" }, ": a\n: b\n: \n\n"],
    ["leading spaces and colons", { data: "  :a" }, "data:   :a\n\n"],
    ["fields that are undefined not at all", { event: undefined, data: "a", id: undefined }, "data: a\n\n"],
  ])("writes %s", (_, fields, frame) => {
    expect(encodeEvent(fields)).toBe(frame);
  });

  it.each([
    [{ event: "" }, RangeError, "Cannot encode event: `event` is empty, which readers take for `message`"],
    [{ event: "a\nb" }, RangeError, "Cannot encode event: `event` contains a line break"],
    [{ event: "a\r" }, RangeError, "Cannot encode event: `event` contains a line break"],
    [{ id: "a\nb" }, RangeError, "Cannot encode event: `id` contains a line break"],
    [{ id: "\r" }, RangeError, "Cannot encode event: `id` contains a line break"],
    [{ id: "a\0b" }, RangeError, "Cannot encode event: `id` contains U+0000"],
    [{ retry: -1 }, RangeError, "Cannot encode event: `retry` is -1, not an integer >= 0"],
    [{ retry: 1.5 }, RangeError, "Cannot encode event: `retry` is 1.5, not an integer >= 0"],
    [{ retry: Number.NaN }, RangeError, "Cannot encode event: `retry` is NaN, not an integer >= 0"],
    [{ retry: 1e21 }, RangeError, "Cannot encode event: `retry` is 1e+21, not an integer >= 0"],
    [{ event: 1 }, TypeError, "Cannot encode event: `event` must be a string; got 1"],
    [{ data: {} }, TypeError, "Cannot encode event: `data` must be a string; got an instance of Object"],
    [{ id: null }, TypeError, "Cannot encode event: `id` must be a string; got null"],
    [{ comment: true }, TypeError, "Cannot encode event: `comment` must be a string; got true"],
    [{ retry: "5" }, TypeError, 'Cannot encode event: `retry` must be a number; got "5"'],
  ])("refuses %o", (fields, type, message) => {
    const encode = (): unknown => Reflect.apply(encodeEvent, undefined, [fields]);
    expect(encode).toThrow(type);
    expect(encode).toThrow(message);
  });

  it("takes time in proportion to the data: 5 MB of line breaks", () => {
    const frame = encodeEvent({ data: "\n".repeat(5_000_000) });
    expect(frame.length).toBe("data: \n".length * 5_000_001 + 1);
  });

  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("\r", "\n", "\uFEFF", "\uD800", "\uDC00", " ", ":", "\0", "a", "é", "語", "🙂"),
    }),
  );
  const oneLine = anyText.map((text) => text.replace(/[\r\n]/g, ""));
  const fields = fc.record({
    comment: fc.option(anyText, { nil: undefined }),
    id: fc.option(
      oneLine.map((text) => text.replaceAll("\0", "")),
      { nil: undefined },
    ),
    event: oneLine.filter((text) => text !== ""),
    retry: fc.option(fc.nat(), { nil: undefined }),
    data: anyText,
  });

  describe("invariant 8: is read back unchanged", () => {
    it("by eventsource-parser, in whatever pieces it comes", () => {
      fc.assert(
        fc.property(
          fc.array(fields, { maxLength: 4 }),
          fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
          (list, sizes) => {
            const read: EventSourceMessage[] = [];
            const retries: number[] = [];
            const parser = createParser({
              onEvent: (event) => read.push(event),
              onRetry: (retry) => retries.push(retry),
            });
            const decoder = new TextDecoder();
            const bytes = new TextEncoder().encode(list.map(encodeEvent).join(""));
            for (let start = 0; start < bytes.length; ) {
              const end = start + Number(sizes.next().value);
              parser.feed(decoder.decode(bytes.subarray(start, end), { stream: true }));
              start = end;
            }
            expect(read.map(({ event, data, id }) => ({ event, data, id }))).toEqual(list.map(expectation));
            expect(retries).toEqual(list.flatMap(({ retry }) => retry ?? []));
          },
        ),
        { numRuns: 300 },
      );
    });

    const server = createServer((_request, response) => {
      response.setHeader("Content-Type", "text/event-stream");
      response.end(body);
    });
    let body = "";
    beforeAll(async () => {
      await once(server.listen(0, "127.0.0.1"), "listening");
    });
    afterAll(() => server.close());

    it("by undici's EventSource", async () => {
      const { port } = server.address() as AddressInfo;
      await fc.assert(
        fc.asyncProperty(fc.array(fields, { maxLength: 4 }), async (list) => {
          body = list.map(encodeEvent).join("") + encodeEvent({ event: "last", data: "" });
          const source = new EventSource(`http://127.0.0.1:${port}/`);
          const read: { event: string; data: string; id: string }[] = [];
          await new Promise<void>((resolve, reject) => {
            for (const type of new Set(list.map(({ event }) => wellFormed(event)))) {
              source.addEventListener(type, (event) => {
                if (!(event instanceof MessageEvent)) throw new TypeError("no MessageEvent");
                read.push({ event: event.type, data: event.data, id: event.lastEventId });
              });
            }
            source.addEventListener("last", () => resolve());
            source.addEventListener("error", reject);
          });
          source.close();
          // As the standard has it: an id holds until the next one.
          let lastId = "";
          const expected = list.map(expectation).map(({ event, data, id }) => {
            lastId = id ?? lastId;
            return { event, data, id: lastId };
          });
          expect(read).toEqual(expected);
        }),
        { numRuns: 100 },
      );
    });
  });

  it("refuses every id and type that could not be read back", () => {
    const bad = fc.tuple(anyText, fc.constantFrom("\r", "\n"), anyText).map((parts) => parts.join(""));
    fc.assert(
      fc.property(bad, fc.constantFrom("id", "event"), (text, field) => {
        expect(() => encodeEvent({ [field]: text })).toThrow(new RegExp(`\`${field}\``));
      }),
    );
  });
});

/** What a reader gets: UTF-8 has no lone surrogates, and line breaks in data are LF. */
function expectation({ event, data, id }: EventFields): { event: string; data: string; id: string | undefined } {
  return {
    event: wellFormed(event ?? ""),
    data: wellFormed((data ?? "").replace(/\r\n|\r/g, "\n")),
    id: id === undefined ? undefined : wellFormed(id),
  };
}

function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
