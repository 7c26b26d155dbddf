import type { NodeResponse } from "./node-message.ts";
import { refuseUnknown } from "./options-check.ts";
import { respond } from "./respond.ts";
import { resolveSendOptions, SEND_OPTION_NAMES, type SendResponseOptions } from "./send-options.ts";

/**
 * Sends a WHATWG Response through a response of `node:http`, `node:https` or `node:http2`.
 *
 * The head does not wait for the first event, so that `EventSource` opens, and each chunk leaves as it comes, through
 * `compression()` too; what is ready with the head leaves with it. Headers of `response` replace those set on `res`
 * before, but cookies are added; connection headers are dropped. HEAD, 204, 205 and 304 go out without a body, whose
 * source is cancelled.
 *
 * Backpressure: the body is not read while the client does not keep up, and a client that takes nothing for
 * `writeTimeoutMs` is given up. A body that is always ready leaves other connections their turn.
 *
 * Cancellation: when the client leaves, even before this was called, the body is cancelled with an AbortError, the
 * very one that is `signal.reason` of the Request made by {@link toWebRequest}, which hears of it first.
 *
 * Errors: with the head unsent (a locked or used body, an invalid header) the client gets an empty 500, after it the
 * connection is cut (HTTP/2: the stream is reset with INTERNAL_ERROR), so that a broken body never looks whole. Either
 * way `onError` hears of it once. A response that `res` is sending already is left alone: then this one is cancelled,
 * and `onError` hears why.
 *
 * @param response - The Response; its body must be unused. A foreign class will do.
 * @param res - Where to send it. Nothing may have been sent through it.
 * @param options - `onError` and `writeTimeoutMs`.
 * @returns A promise that settles when the last byte was handed to the system, or the client has left. It never
 * rejects.
 * @throws {TypeError} When an option is unknown or of the wrong type.
 * @throws {RangeError} When `writeTimeoutMs` is out of range.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { sendResponse } from "@ssewire/adapter-node";
 *
 * createServer((req, res) => {
 *   void sendResponse(Response.json({ path: req.url }), res);
 * }).listen(3000);
 * ```
 * @see {@link https://fetch.spec.whatwg.org/#response-class | Fetch, Response}
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | HTML, server-sent events}
 */
export function sendResponse(response: Response, res: NodeResponse, options: SendResponseOptions = {}): Promise<void> {
  const task = "Cannot send response";
  refuseUnknown(task, options, SEND_OPTION_NAMES);
  return respond(response, res, resolveSendOptions(task, options));
}
