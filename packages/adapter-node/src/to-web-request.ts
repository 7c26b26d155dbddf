import type { NodeRequest, NodeResponse } from "./node-message.ts";
import { refuseUnknown } from "./options-check.ts";
import { requestBody } from "./request-body.ts";
import {
  REQUEST_OPTION_NAMES,
  type RequestSettings,
  resolveRequestOptions,
  type ToWebRequestOptions,
} from "./request-options.ts";
import { RequestRefusedError } from "./request-refused-error.ts";
import { requestUrl } from "./request-url.ts";
import { closingOf } from "./response-closing.ts";

/** What `lib.dom` leaves out: a stream as body must say that it is sent before the response is read. */
interface StreamingRequestInit extends RequestInit {
  readonly duplex: "half";
}

const NOT_ALLOWED = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Makes a WHATWG Request of a request of `node:http`, `node:https` or `node:http2`.
 *
 * Its `signal` aborts when the client leaves, or the response is cut off, before the response was ended, and never
 * after a normal end. The reason is an AbortError, the very one the body given to {@link sendResponse} is cancelled
 * with, and the signal hears of it first. It works even if the Request itself is dropped.
 *
 * Backpressure: the body is read from the socket only while somebody waits for a chunk. Cancellation: cancelling the
 * body stops reading; what is left of an upload is thrown away after the response, up to 1 MiB and 5 s, then the
 * connection is cut. Errors: reading fails with the signal's reason once the client has left, and with an explanation
 * when a body parser such as `express.json()` has read the body before, or the response has ended.
 *
 * @param req - The incoming request. In a router of Express or Connect the URL is that of `originalUrl`.
 * @param res - The response that belongs to it; its closing is what aborts the signal.
 * @param options - `trustProxy`, `host` and `protocol`: where the URL comes from.
 * @returns The Request.
 * @throws {RequestRefusedError} 400 for an invalid host, target or field, 405 for TRACE, TRACK and CONNECT.
 * @throws {TypeError} When an option is unknown or of the wrong type.
 * @throws {RangeError} When `host` or `protocol` is none.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { sendResponse, toWebRequest } from "@ssewire/adapter-node";
 *
 * createServer((req, res) => {
 *   const request = toWebRequest(req, res, { trustProxy: true });
 *   void sendResponse(new Response(new URL(request.url).pathname), res);
 * }).listen(3000);
 * ```
 * @see {@link https://fetch.spec.whatwg.org/#request-class | Fetch, Request}
 */
export function toWebRequest(req: NodeRequest, res: NodeResponse, options: ToWebRequestOptions = {}): Request {
  const task = "Cannot make request";
  refuseUnknown(task, options, REQUEST_OPTION_NAMES);
  return createRequest(req, res, resolveRequestOptions(task, options));
}

/** {@link toWebRequest} with options that were checked before. */
export function createRequest(req: NodeRequest, res: NodeResponse, settings: RequestSettings): Request {
  const method = req.method ?? "GET";
  if (NOT_ALLOWED.has(method)) throw new RequestRefusedError("METHOD_NOT_ALLOWED", `${method} is not allowed`);
  const url = requestUrl(req, settings);
  const { signal, abort } = disconnectSignal();
  const init: StreamingRequestInit = { method, signal, body: requestBody(req, res), duplex: "half" };
  let request: Request;
  try {
    request = new Request(url, { ...init, headers: requestHeaders(req) });
  } catch (cause) {
    // An unknown method of HTTP/2, for one, or a URL that only looked like one.
    throw new RequestRefusedError("BAD_REQUEST", "its target, method or a field is invalid", { cause });
  }
  // undici stops following a signal once its Request is collected.
  closingOf(res).onClose(abort, request);
  return request;
}

function disconnectSignal(): { signal: AbortSignal; abort: (gone: DOMException | undefined) => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (gone) => {
      if (gone !== undefined) controller.abort(gone);
    },
  };
}

/** From `headers`, not `rawHeaders`: middleware may have changed them, and the cookies of HTTP/2 are joined there. */
function requestHeaders({ headers }: NodeRequest): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    // Pseudo-headers of HTTP/2.
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const each of value) pairs.push([name, each]);
    else pairs.push([name, value]);
  }
  const authority = headers[":authority"];
  // https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1: what is called Host in HTTP/1.
  if (authority !== undefined && headers.host === undefined) pairs.push(["host", authority.toString()]);
  return pairs;
}
