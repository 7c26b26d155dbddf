const LF = 10;
const CR = 13;

/** What a {@link BodyDecoder} finds. */
export interface BodyHandler {
  onHead(): void;
  /** Part of the body: `bytes` from `start` to `end`. */
  onBody(bytes: Buffer, start: number, end: number): void;
  /** The body is complete. */
  onEnd(): void;
}

/**
 * Decodes one HTTP/1.1 response, in whatever pieces it comes, as cheaply as can be: a client that is slower than the server
 * would measure itself.
 */
export class BodyDecoder {
  readonly #handler: BodyHandler;
  #state: "head" | "body" | "size" | "chunk" | "chunk end" | "ended" = "head";
  /** Bytes that wait for the rest of a head or of a line. */
  #rest: Buffer | undefined;
  /** Bytes of the body, or of the chunk, that are to come. */
  #left = 0;

  constructor(handler: BodyHandler) {
    this.#handler = handler;
  }

  get isEnded(): boolean {
    return this.#state === "ended";
  }

  /** @throws {Error} When it is no response with status 200, or no body of a known length. */
  feed(piece: Buffer): void {
    const bytes = this.#rest === undefined ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = undefined;
    let at = this.#state === "head" ? this.#takeHead(bytes) : 0;
    while (at < bytes.length && this.#state !== "ended" && this.#rest === undefined) {
      if (this.#state === "chunk" || this.#state === "body") at = this.#takeBody(bytes, at);
      else at = this.#takeLine(bytes, at);
    }
  }

  #takeHead(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#rest = bytes;
      return bytes.length;
    }
    const head = bytes.toString("latin1", 0, end).toLowerCase();
    if (!head.startsWith("http/1.1 200")) throw new Error(`Not a response with status 200: ${head}`);
    if (!head.includes("\r\ncontent-type: text/event-stream")) throw new Error(`Not an event stream: ${head}`);
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
    if (length !== undefined) {
      this.#state = "body";
      this.#left = Number(length);
    } else if (head.includes("\r\ntransfer-encoding: chunked")) {
      this.#state = "size";
    } else {
      throw new Error(`A body of unknown length: ${head}`);
    }
    this.#handler.onHead();
    return end + 4;
  }

  #takeBody(bytes: Buffer, start: number): number {
    const end = Math.min(start + this.#left, bytes.length);
    this.#handler.onBody(bytes, start, end);
    this.#left -= end - start;
    if (this.#left > 0) return end;
    if (this.#state === "body") this.#end();
    else this.#state = "chunk end";
    return end;
  }

  /** The line with the size of a chunk, or the empty one after a chunk. */
  #takeLine(bytes: Buffer, start: number): number {
    let size = 0;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at] ?? LF;
      if (byte === LF) {
        if (this.#state === "chunk end") {
          this.#state = "size";
        } else if (size > 0) {
          this.#state = "chunk";
          this.#left = size;
        } else {
          this.#end();
        }
        return at + 1;
      }
      // Digits, and letters of either case.
      if (byte !== CR) size = size * 16 + (byte < 58 ? byte - 48 : (byte | 32) - 87);
    }
    this.#rest = bytes.subarray(start);
    return bytes.length;
  }

  #end(): void {
    this.#state = "ended";
    this.#handler.onEnd();
  }
}
