import { commentLines } from "./encode-event.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** Makes clients and what is between see the beginning of a stream. */
export const OPENING_FRAME: Uint8Array<ArrayBuffer> = /* @__PURE__ */ encoder.encode(":\n");

/** What a heartbeat says unless an option says otherwise. */
export const HEARTBEAT_COMMENT = "heartbeat";

/** The same bytes for all streams. */
const heartbeatFrame = /* @__PURE__ */ encoder.encode(": heartbeat\n");

/** A comment without a blank line, with which a client in wide use delivers an empty message. */
export function commentFrame(comment: string): string | Uint8Array<ArrayBuffer> {
  return comment === HEARTBEAT_COMMENT ? heartbeatFrame : commentLines(comment);
}
