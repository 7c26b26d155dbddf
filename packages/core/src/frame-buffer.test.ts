import { describe, expect, it } from "vitest";
import { type Frame, FrameBuffer } from "./frame-buffer.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Every chunk of these frames, as text. */
function chunksOf(capacity: number, frames: readonly Frame[]): string[] {
  const buffer = new FrameBuffer(capacity);
  const chunks: string[] = [];
  for (const frame of frames) buffer.add(frame);
  while (!buffer.isEmpty) chunks.push(new TextDecoder().decode(buffer.take(true)));
  return chunks;
}

describe("FrameBuffer", () => {
  it.each<[string, Frame[], string[]]>([
    ["text", ["aaaa", "bbbb", "cc"], ["aaaabbbbcc"]],
    ["bytes", [bytes("aaaa"), bytes("bbbb"), bytes("cc")], ["aaaabbbbcc"]],
    ["both", [bytes("aaaa"), "bbbb", bytes("cc")], ["aaaabbbbcc"]],
    ["text before bytes", ["aaaa", bytes("bbbb"), "cc"], ["aaaabbbbcc"]],
    ["wide text that is counted", ["日", "本", "語", "d"], ["日本語d"]],
    ["wide text that does not fit", ["日", "本", "語", "dd"], ["日本語", "dd"]],
    ["a frame that is too large between others", ["a", bytes("b".repeat(11)), "c"], ["a", "b".repeat(11), "c"]],
    ["one that is held back before a smaller one", ["aaaaaaaa", "bbb", "c"], ["aaaaaaaa", "bbbc"]],
  ])("fills chunks of 10 bytes with whole frames, in order: %s", (_, frames, expected) => {
    expect(chunksOf(10, frames)).toEqual(expected);
  });

  it("takes memory for what there is, not for what there may be", () => {
    const buffer = new FrameBuffer(1_048_576);
    for (let index = 0; index < 10; index++) buffer.add(bytes("x".repeat(100)));
    const chunk = buffer.take(true);
    expect(chunk.byteLength).toBe(1_000);
    expect(chunk.buffer.byteLength).toBeLessThanOrEqual(2_000);
  });
});
