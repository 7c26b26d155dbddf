import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** What `node:http`, `node:https` and the compatibility API of `node:http2` pass as a request. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** What `node:http`, `node:https` and the compatibility API of `node:http2` pass as a response. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Whether `res` belongs to an HTTP/2 stream. Told by the version of the request, since `instanceof` fails for the
 * wrappers that some frameworks and test injectors pass.
 */
export function isHttp2(res: NodeResponse): res is Http2ServerResponse {
  return res.req.httpVersionMajor === 2;
}
