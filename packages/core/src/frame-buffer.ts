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
  readonly #capacity: number;
  #text = "";
  /** What comes before the text. */
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #partsBytes = 0;
  #held: Frame[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#text === "" && this.#partsBytes === 0;
  }

  /** Whether frames are held back. */
  get isFull(): boolean {
    return this.#held.length > 0;
  }

  /** Adds a frame; into an empty buffer it always fits. */
  add(frame: Frame): void {
    if (frame.length === 0) return;
    if (this.isFull || !(typeof frame === "string" ? this.#addText(frame) : this.#addBytes(frame))) {
      this.#held.push(frame);
    }
  }

  /**
   * Takes what has gathered as one chunk; what was held back takes its place.
   *
   * @param mayShare - Whether the chunk may be the very bytes that other streams send, too.
   */
  take(mayShare: boolean): Uint8Array<ArrayBuffer> {
    const isShared = this.#text === "" && this.#parts.length === 1;
    this.#encodeText();
    const chunk = this.#concatenate(!isShared || mayShare);
    this.#parts = [];
    this.#partsBytes = 0;
    const held = this.#held;
    if (held.length > 0) {
      this.#held = [];
      for (const frame of held) this.add(frame);
    }
    return chunk;
  }

  #addText(frame: string): boolean {
    if (this.#canTake(MAX_BYTES_PER_UNIT * (this.#text.length + frame.length))) {
      this.#text += frame;
      return true;
    }
    // Cheap to see, and common: not even the narrowest characters would fit.
    if (this.#partsBytes + this.#text.length + frame.length > this.#capacity) return false;
    this.#encodeText();
    if (this.#canTake(MAX_BYTES_PER_UNIT * frame.length)) {
      this.#text = frame;
      return true;
    }
    return this.#addBytes(encoder.encode(frame));
  }

  #addBytes(bytes: Uint8Array<ArrayBuffer>): boolean {
    this.#encodeText();
    if (!this.#canTake(bytes.length)) return false;
    this.#parts.push(bytes);
    this.#partsBytes += bytes.length;
    return true;
  }

  #canTake(bytes: number): boolean {
    return this.isEmpty || this.#partsBytes + bytes <= this.#capacity;
  }

  #encodeText(): void {
    if (this.#text === "") return;
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    this.#parts.push(bytes);
    this.#partsBytes += bytes.length;
  }

  #concatenate(mayBeOnlyPart: boolean): Uint8Array<ArrayBuffer> {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1 && mayBeOnlyPart) return first;
    const chunk = new Uint8Array(this.#partsBytes);
    let position = 0;
    for (const part of this.#parts) {
      chunk.set(part, position);
      position += part.length;
    }
    return chunk;
  }
}
