import { ServerResponse } from "node:http";
import { isNode } from "./is-node.ts";
import type { NodeResponse } from "./node-message.ts";

/**
 * Whether the body of `res` may be written into its socket, in the chunked coding that Node has announced in the head.
 *
 * It is what `res.write` does, but that makes four writes of each chunk and puts the socket off until the next tick:
 * with 1 000 readers of one source, 1.3 times the CPU. Only a `res.write` that is Node's own may be passed by: those of
 * `compression()` and its like want to see the bytes. Known once the head was sent.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-7.1 | RFC 9112, 7.1}
 */
export function isChunked(res: NodeResponse): res is ServerResponse {
  return isNode && "chunkedEncoding" in res && res.chunkedEncoding && res.write === ServerResponse.prototype.write;
}

const CRLF = "\r\n";

let lastBytes: Uint8Array | undefined;
let lastChunk: Uint8Array = new Uint8Array();

/**
 * `bytes` as a chunk. An event that many responses send is the same object each time, and they ask one after the other:
 * the chunk is made once. Of bytes that may change, which only a body of somebody else has, pass a view that is new.
 */
export function toChunk(bytes: Uint8Array): Uint8Array {
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    const size = bytes.byteLength.toString(16) + CRLF;
    const chunk = Buffer.allocUnsafe(size.length + bytes.byteLength + CRLF.length);
    chunk.write(size, 0, "latin1");
    chunk.set(bytes, size.length);
    chunk.write(CRLF, size.length + bytes.byteLength, "latin1");
    lastChunk = chunk;
  }
  return lastChunk;
}
