import { types } from "node:util";
import type { ResponseSink } from "./response-sink.ts";

/**
 * One write at most, in bytes. It bounds what waits in memory for a slow client, and it lets `writeTimeoutMs` tell a
 * slow client from a stalled one when a single chunk is large.
 */
export const MAX_WRITE_BYTES: number = 16 * 1024;

/**
 * After so many bytes other connections get their turn: a body that is always ready and a client that is fast never
 * leave the microtask queue, not even through 'drain'.
 */
const YIELD_BYTES = 256 * 1024;

/** What a chunk counts for at least, so that many tiny or empty chunks yield as well. */
const MIN_CHUNK_COST_BYTES = 256;

/**
 * Writes `body` to `sink` until it ends or the client leaves; then the body is cancelled with the shared AbortError,
 * even while a read is pending. At most one read is in flight, and none while the client does not keep up.
 *
 * @param onCancelError - Told when the body's own `cancel()` throws or rejects.
 * @throws What the body failed with, or what makes a chunk or its length unacceptable. The body's lock is released.
 */
export async function pumpStream(
  body: ReadableStream<unknown>,
  sink: ResponseSink,
  onCancelError: (error: unknown) => void,
): Promise<void> {
  const reader = body.getReader();
  const { closed } = reader;
  // Never waited for: a source parked in an `await` of its own may not settle it. Rejected with what the body had
  // failed with before, perhaps for the very client that left, it is nobody's business any more; then so is `closed`.
  const cancel = (): void => {
    reader.cancel(sink.closing.gone).catch((error: unknown) => closed.then(() => onCancelError(error), ignore));
  };
  const stopListening = sink.closing.onClose(cancel);
  let unyieldedBytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      let rest = toBytes(value);
      do {
        if (!sink.open) return cancel();
        const part = rest.subarray(0, MAX_WRITE_BYTES);
        rest = rest.subarray(MAX_WRITE_BYTES);
        if (part.byteLength > 0 && !sink.write(part)) {
          await new Promise<void>((resolve) => sink.whenWritable(resolve));
        }
        unyieldedBytes += Math.max(part.byteLength, MIN_CHUNK_COST_BYTES);
        if (unyieldedBytes >= YIELD_BYTES) {
          unyieldedBytes = 0;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      } while (rest.byteLength > 0);
    }
  } finally {
    stopListening();
    reader.releaseLock();
  }
}

function ignore(): void {
  // See where it is passed.
}

/** Text is what bodies of some Response polyfills yield; by the Fetch standard a chunk is bytes. */
function toBytes(chunk: unknown): Uint8Array {
  if (types.isUint8Array(chunk)) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw new TypeError(
    `Cannot send response: its body yielded ${chunk === null ? "null" : typeof chunk}, a chunk must be a Uint8Array`,
  );
}
