const encoder = /* @__PURE__ */ new TextEncoder();

/** No UTF-16 code unit takes more than three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** A frame as text or, of an event that many streams send, as bytes that are not to be changed. */
export type Frame = string | Uint8Array<ArrayBuffer>;

/**
 * Frames that are ready to leave: at most `capacity` bytes of them, or one that is larger. What does not fit is held back
 * until the others have left.
 *
 * Text gathers in one string, which is encoded when it is taken: that costs a fraction of encoding each frame. Only when
 * the string could exceed the room left, were it all of the widest characters, is it encoded before, and then its size is
 * known exactly.
 */
export class FrameBuffer {
  /** How many frames the next chunk has. */
  frames = 0;
  readonly #capacity: number;
  /** What comes after the other two. */
  #text = "";
  /** The only frame that is not text: one for many streams, or one that is larger than the capacity. */
  #lone: Uint8Array<ArrayBuffer> | undefined;
  /** Whether others send {@link #lone}, too. */
  #isShared = false;
  /** What is encoded, when it is more than one frame. */
  #chunk: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes of `#lone` and in `#chunk`. */
  #bytes = 0;
  #held: Frame[] | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#text === "" && this.#bytes === 0;
  }

  /** Whether frames are held back. */
  get isFull(): boolean {
    return this.#held !== undefined;
  }

  /** Adds a frame; into an empty buffer it always fits. */
  add(frame: Frame): void {
    if (frame.length === 0) return;
    if (this.isFull || !(typeof frame === "string" ? this.#addText(frame) : this.#addBytes(frame, true))) {
      this.#held ??= [];
      this.#held.push(frame);
    } else {
      this.frames++;
    }
  }

  /**
   * Takes what has gathered as one chunk; what was held back takes its place.
   *
   * @param mayShare - Whether the chunk may be the very bytes that other streams send, too.
   */
  take(mayShare: boolean): Uint8Array<ArrayBuffer> {
    const chunk = this.#join(mayShare);
    this.#text = "";
    this.#lone = undefined;
    this.#chunk = undefined;
    this.#bytes = 0;
    this.frames = 0;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      for (const frame of held) this.add(frame);
    }
    return chunk;
  }

  #join(mayShare: boolean): Uint8Array<ArrayBuffer> {
    if (this.#bytes === 0) return encoder.encode(this.#text);
    if (this.#lone && this.#text === "") return this.#isShared && !mayShare ? this.#lone.slice() : this.#lone;
    return this.#encodeText(0).subarray(0, this.#bytes);
  }

  #addText(frame: string): boolean {
    const units = this.#text.length + frame.length;
    if (this.#bytes + MAX_BYTES_PER_UNIT * units <= this.#capacity) {
      this.#text += frame;
      return true;
    }
    if (this.isEmpty) return this.#addBytes(encoder.encode(frame), false);
    // Cheap to see, and common: not even the narrowest characters would fit.
    if (this.#bytes + units > this.#capacity) return false;
    const chunk = this.#encodeText(MAX_BYTES_PER_UNIT * frame.length);
    const { read, written } = encoder.encodeInto(frame, chunk.subarray(this.#bytes));
    if (read < frame.length) return false;
    this.#bytes += written;
    return true;
  }

  #addBytes(bytes: Uint8Array<ArrayBuffer>, isShared: boolean): boolean {
    if (this.isEmpty) {
      this.#lone = bytes;
      this.#isShared = isShared;
    } else {
      if (this.#bytes + this.#text.length + bytes.length > this.#capacity) return false;
      const chunk = this.#encodeText(bytes.length);
      if (this.#bytes + bytes.length > this.#capacity) return false;
      chunk.set(bytes, this.#bytes);
    }
    this.#bytes += bytes.length;
    return true;
  }

  /** The text goes to the bytes. @returns them, with room for `extra` more if the capacity has it. */
  #encodeText(extra: number): Uint8Array<ArrayBuffer> {
    const needed = this.#bytes + MAX_BYTES_PER_UNIT * this.#text.length + extra;
    let chunk = this.#chunk;
    if (chunk === undefined || chunk.length < Math.min(needed, this.#capacity)) {
      // Twice as much, as more may follow; the capacity at once would weigh on many streams with small frames.
      chunk = new Uint8Array(Math.min(2 * needed, this.#capacity));
      chunk.set(this.#lone ?? this.#chunk?.subarray(0, this.#bytes) ?? []);
      this.#chunk = chunk;
      this.#lone = undefined;
    }
    this.#bytes += encoder.encodeInto(this.#text, chunk.subarray(this.#bytes)).written;
    this.#text = "";
    return chunk;
  }
}
