import { isHttp2, type NodeRequest, type NodeResponse } from "./node-message.ts";
import { closingOf } from "./response-closing.ts";

/**
 * The request's body as a stream, or `null` when it has none. Touches `req` only once it is read, and reads from the
 * socket only while a read is pending.
 *
 * It fails with the shared AbortError when the client leaves, and with an error of its own when a body parser has
 * taken the bytes before, or when the response has ended: what is left of an upload is then thrown away. Cancelling it
 * stops reading.
 */
export function requestBody(req: NodeRequest, res: NodeResponse): ReadableStream<Uint8Array> | null {
  if (req.method === "GET" || req.method === "HEAD" || !hasBody(req, res)) return null;
  let detach: (() => void) | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        detach ??= attach(req, res, controller);
        // Null once the body has failed: then `req` is somebody else's.
        if (controller.desiredSize !== null) req.resume();
      },
      cancel() {
        detach?.();
        req.pause();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Starts to feed `controller` from `req`, one chunk for each `req.resume()`. Returns what ends it. */
function attach(
  req: NodeRequest,
  res: NodeResponse,
  controller: ReadableStreamDefaultController<Uint8Array>,
): () => void {
  const closing = closingOf(res);
  const onData = (chunk: Uint8Array | string): void => {
    req.pause();
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    // A plain view, since a Buffer's `slice` shares memory where a Uint8Array's copies. Not a byte stream
    // (`type: "bytes"`), which would take over the whole ArrayBuffer, and other requests live in it too.
    controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  };
  const onEnd = (): void => {
    detach();
    controller.close();
  };
  const fail = (error: unknown): void => {
    detach();
    controller.error(error);
  };
  const onClosing = (gone: DOMException | undefined): void =>
    fail(gone ?? new Error("Cannot read request body: the response has ended"));
  let stopListening = (): void => undefined;
  const detach = (): void => {
    req.off("data", onData).off("end", onEnd);
    stopListening();
  };
  if (closing.closed) onClosing(closing.gone);
  else if (req.readableDidRead) {
    fail(new Error("Cannot read request body: it was read before, look for the parsed value in `req.body`"));
  } else {
    req.pause();
    req.on("data", onData).on("end", onEnd);
    stopListening = closing.onClose(onClosing);
  }
  return detach;
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-6 | RFC 9112, 6} */
function hasBody(req: NodeRequest, res: NodeResponse): boolean {
  if (isHttp2(res)) return !res.stream.endAfterHeaders;
  const { "content-length": length, "transfer-encoding": coding } = req.headers;
  return coding !== undefined || (length !== undefined && length !== "0");
}
