import { describe, expect, it } from "vitest";
import { BodyDecoder } from "./body-decoder.ts";

const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/** What is decoded of a response that comes in pieces of so many bytes. */
function decode(response: string, pieceBytes: number): string {
  let text = "";
  const decoder = new BodyDecoder({
    onHead: () => {
      text += "<head>";
    },
    onBody: (bytes, start, end) => {
      text += bytes.toString("latin1", start, end);
    },
    onEnd: () => {
      text += "<end>";
    },
  });
  for (let at = 0; at < response.length; at += pieceBytes)
    decoder.feed(Buffer.from(response.slice(at, at + pieceBytes)));
  return text;
}

describe("BodyDecoder", () => {
  const pieceSizes = Array.from({ length: 150 }, (_, index) => index + 1);

  it("decodes chunks, in whatever pieces they come", () => {
    const body = `1A\r\n${"x".repeat(26)}\r\n1\r\n\n\r\n0a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n`;
    const response = `${head}Transfer-Encoding: chunked\r\n\r\n${body}`;
    const decoded = new Set(pieceSizes.map((pieceBytes) => decode(response, pieceBytes)));
    expect([...decoded]).toEqual([`<head>${"x".repeat(26)}\n${"\r\n".repeat(5)}<end>`]);
  });

  it("decodes a body of known length, in whatever pieces it comes", () => {
    const response = `${head}content-length: 12\r\n\r\ndata: 1\n\nabc`;
    const decoded = new Set(pieceSizes.map((pieceBytes) => decode(response, pieceBytes)));
    expect([...decoded]).toEqual(["<head>data: 1\n\nabc<end>"]);
  });

  it("does not end before the last chunk", () => {
    expect(decode(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r`, 7)).toBe("<head>x");
  });

  it.each([
    ["another status", "HTTP/1.1 500 Oh\r\n\r\n", "Not a response with status 200"],
    ["another type", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "Not an event stream"],
    ["a body until the connection closes", `${head}\r\n`, "A body of unknown length"],
  ])("refuses %s", (_, response, message) => {
    expect(() => decode(response, 10_000)).toThrow(message);
  });
});
