import { MAX_WRITE_BYTES } from "./pump-stream.ts";
import type { ResponseSink } from "./response-sink.ts";

/**
 * What the body of an event stream of `@ssewire/core` carries: it pushes its chunks into a sink, without a promise, a queue
 * or a reader for each.
 */
export interface PushSource {
  readonly version: 1;
  /** Whether nobody has read the body yet. */
  readonly isIdle: boolean;
  start(sink: PushSink): void;
  resume(): void;
  cancel(reason: unknown): void;
}

interface PushSink {
  /** That chunks may be bytes which other responses send, too. */
  readonly takesShared: true;
  /** @returns whether more is wanted at once; if not, `resume` says when. */
  write(chunk: Uint8Array): boolean;
  /** May come while there is still something to write. */
  close(): void;
  error(reason: unknown): void;
}

const pushSourceKey = Symbol.for("ssewire.pushSource");

/** The push source of `body`, if it carries one that can be started. A clone, a tee or a pipe is another stream. */
export function pushSourceOf(body: ReadableStream<unknown>): PushSource | undefined {
  const source: unknown = Reflect.get(body, pushSourceKey);
  return isPushSource(source) && source.isIdle ? source : undefined;
}

function isPushSource(value: unknown): value is PushSource {
  return typeof value === "object" && value !== null && "version" in value && value.version === 1;
}

/**
 * Has `source` push the body into `sink` until it ends or the client leaves; then it is cancelled, with the shared
 * AbortError. The body is locked, so that nobody reads it besides.
 *
 * @returns Settles when everything was written, or the client has left. Rejects with what the source was given up for.
 */
export function pushBody(body: ReadableStream<unknown>, source: PushSource, sink: ResponseSink): Promise<void> {
  body.getReader();
  return new Promise((resolve, reject) => new PushedBody(source, sink, resolve, reject).start());
}

/**
 * A body on its way into a response. What did not fit is `#pending`; while the response takes nothing, `#isWaiting`.
 *
 * A class, as the fields of one object are nearer to each other than variables of closures: with a thousand responses to
 * one event, that is what costs.
 */
class PushedBody implements PushSink {
  readonly takesShared = true;
  readonly #source: PushSource;
  readonly #sink: ResponseSink;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #pending: Uint8Array[] | undefined;
  #isWaiting = false;
  #isClosed = false;
  #stopListening: (() => void) | undefined;

  constructor(source: PushSource, sink: ResponseSink, resolve: () => void, reject: (reason: unknown) => void) {
    this.#source = source;
    this.#sink = sink;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#stopListening = this.#sink.closing.onClose((gone) => {
      this.#source.cancel(gone);
      this.#resolve();
    });
    this.#source.start(this);
  }

  write(chunk: Uint8Array): boolean {
    if (!this.#isWaiting && this.#pending === undefined && chunk.byteLength <= MAX_WRITE_BYTES) {
      return this.#sink.open && this.#write(chunk);
    }
    this.#pending ??= [];
    this.#pending.push(chunk);
    return this.#writePending();
  }

  close(): void {
    this.#isClosed = true;
    this.#writePending();
  }

  error(reason: unknown): void {
    this.#stopListening?.();
    this.#reject(reason);
  }

  #write(chunk: Uint8Array): boolean {
    if (this.#sink.write(chunk)) return true;
    this.#isWaiting = true;
    this.#sink.whenWritable(this.#onWritable);
    return false;
  }

  readonly #onWritable = (): void => {
    this.#isWaiting = false;
    if (this.#writePending() && !this.#isClosed) this.#source.resume();
  };

  /** @returns whether everything was written and more may follow. */
  #writePending(): boolean {
    const pending = this.#pending ?? [];
    for (let chunk = pending[0]; chunk !== undefined && !this.#isWaiting; chunk = pending[0]) {
      if (!this.#sink.open) return false;
      if (chunk.byteLength <= MAX_WRITE_BYTES) pending.shift();
      else pending[0] = chunk.subarray(MAX_WRITE_BYTES);
      this.#write(chunk.subarray(0, MAX_WRITE_BYTES));
    }
    if (pending.length > 0) return false;
    this.#pending = undefined;
    if (this.#isClosed) {
      this.#stopListening?.();
      this.#resolve();
    }
    return !this.#isWaiting;
  }
}
