import { constants } from "node:http2";
import { isSocket } from "./is-socket.ts";
import { isHttp2, type NodeResponse } from "./node-message.ts";

/** How much of an unread upload is thrown away before its connection is; what arrives in one interval comes on top. */
const MAX_DRAIN_BYTES = 1024 * 1024;

/** How long an unread upload may take to arrive: so many intervals. */
const MAX_DRAIN_INTERVALS = 50;

const INTERVAL_MS = 100;

/**
 * Gets what is left of the request's body out of the way once the response has ended: on HTTP/1 the next request of
 * the connection comes after it. Within bounds; an upload that exceeds them is cut.
 */
export function drainUpload(res: NodeResponse): void {
  if (isHttp2(res)) {
    const { stream } = res;
    if (stream.endAfterHeaders || res.req.complete) return;
    // https://www.rfc-editor.org/rfc/rfc9113#section-8.1: asks the client to stop, without making the response void.
    // A turn later, since a reset overtakes what is still on its way out.
    setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    return;
  }
  const { req } = res;
  req.resume();
  // If everything has arrived there is nothing to bound: only the parser may have waited for the buffer to empty.
  if (req.complete || req.destroyed) return;
  const { socket } = req;
  // Without one nothing arrives.
  if (!isSocket(socket)) return;
  const bytesBefore = socket.bytesRead;
  let intervals = 0;
  // Counted on the socket: of a request nobody has touched Node tells no 'data', it throws the body away by itself,
  // without a bound.
  const watch = setInterval(() => {
    intervals += 1;
    if (intervals >= MAX_DRAIN_INTERVALS || socket.bytesRead - bytesBefore > MAX_DRAIN_BYTES) socket.destroy();
    // Looked at rather than listened to: once its response is over, Node no longer tells a request that it was closed.
    if (req.complete || socket.destroyed) clearInterval(watch);
  }, INTERVAL_MS);
}
