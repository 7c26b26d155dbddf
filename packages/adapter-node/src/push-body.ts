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
  return new Promise((resolve, reject) => {
    const pending: Uint8Array[] = [];
    let isClosed = false;
    let isWaiting = false;

    const write = (chunk: Uint8Array): boolean => {
      if (sink.write(chunk)) return true;
      isWaiting = true;
      sink.whenWritable(onWritable);
      return false;
    };
    /** @returns whether everything was written and more may follow. */
    const writePending = (): boolean => {
      for (let chunk = pending[0]; chunk !== undefined && !isWaiting; chunk = pending[0]) {
        if (!sink.open) return false;
        if (chunk.byteLength <= MAX_WRITE_BYTES) pending.shift();
        else pending[0] = chunk.subarray(MAX_WRITE_BYTES);
        write(chunk.subarray(0, MAX_WRITE_BYTES));
      }
      if (isClosed && pending.length === 0) finish();
      return pending.length === 0 && !isWaiting;
    };
    const onWritable = (): void => {
      isWaiting = false;
      if (writePending() && !isClosed) source.resume();
    };
    const stopListening = sink.closing.onClose(() => {
      source.cancel(sink.closing.gone);
      resolve();
    });
    const finish = (): void => {
      stopListening();
      resolve();
    };
    source.start({
      takesShared: true,
      write(chunk) {
        if (isWaiting || pending.length > 0 || chunk.byteLength > MAX_WRITE_BYTES) {
          pending.push(chunk);
          return writePending();
        }
        return sink.open && write(chunk);
      },
      close() {
        isClosed = true;
        writePending();
      },
      error(reason) {
        stopListening();
        reject(reason);
      },
    });
  });
}
