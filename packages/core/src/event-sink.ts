/** Where an engine sends its chunks: a Web Stream, a server's response. */
export interface EventSink {
  /** Whether a chunk may be bytes that other sinks get as well: for one that only reads them. */
  readonly takesShared?: boolean | undefined;
  /** Takes a chunk of whole frames. @returns whether it wants more; if not, it calls `resume` once it does. */
  write(chunk: Uint8Array<ArrayBuffer>): boolean;
  /** All was written. */
  close(): void;
  /** The stream is given up, and what was not read yet with it. */
  error(reason: unknown): void;
}
