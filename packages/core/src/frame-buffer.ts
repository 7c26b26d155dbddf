const encoder = /* @__PURE__ */ new TextEncoder();

/** No UTF-16 code unit takes more than three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Frames that are ready to leave: at most `capacity` bytes of them, or one that is larger.
 *
 * Frames gather in one string, which is encoded when it is taken: that costs a fraction of encoding each. Only when the
 * string could exceed the capacity, were it all of the widest characters, does it move to a buffer of bytes, where the
 * room left is known exactly.
 */
export class FrameBuffer {
  readonly #capacity: number;
  #text = "";
  #chunk: Uint8Array<ArrayBuffer> | undefined;
  #chunkBytes = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#text === "" && this.#chunk === undefined;
  }

  /** Adds a frame if it fits. @returns whether it did; into an empty buffer it always does. */
  add(frame: string): boolean {
    const bound = this.#chunkBytes + MAX_BYTES_PER_UNIT * (this.#text.length + frame.length);
    if (bound <= this.#capacity || this.isEmpty) {
      this.#text += frame;
      return true;
    }
    if (this.#text.length >= this.#capacity) return false;
    const chunk = this.#encodeText();
    const { read, written } = encoder.encodeInto(frame, chunk.subarray(this.#chunkBytes, this.#capacity));
    if (read < frame.length) return false;
    this.#chunkBytes += written;
    return true;
  }

  /** Takes all frames as one chunk and leaves the buffer empty. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#chunk === undefined) {
      const chunk = encoder.encode(this.#text);
      this.#text = "";
      return chunk;
    }
    const chunk = this.#encodeText().subarray(0, this.#chunkBytes);
    this.#chunk = undefined;
    this.#chunkBytes = 0;
    return chunk;
  }

  /** Moves the text to the bytes. A single frame may be larger than the capacity, hence the other size. */
  #encodeText(): Uint8Array<ArrayBuffer> {
    this.#chunk ??= new Uint8Array(Math.max(this.#capacity, MAX_BYTES_PER_UNIT * this.#text.length));
    this.#chunkBytes += encoder.encodeInto(this.#text, this.#chunk.subarray(this.#chunkBytes)).written;
    this.#text = "";
    return this.#chunk;
  }
}
