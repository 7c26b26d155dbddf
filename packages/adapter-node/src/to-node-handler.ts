import type { NodeRequest, NodeResponse } from "./node-message.ts";
import { refuseUnknown, wrongType } from "./options-check.ts";
import { REQUEST_OPTION_NAMES, resolveRequestOptions, type ToWebRequestOptions } from "./request-options.ts";
import { RequestRefusedError } from "./request-refused-error.ts";
import { type Next, respond } from "./respond.ts";
import { resolveSendOptions, SEND_OPTION_NAMES, type SendResponseOptions } from "./send-options.ts";
import { createRequest } from "./to-web-request.ts";

/** The Node objects behind a Request, for what has no place in it: `req.user`, `res.locals`, the socket. */
export interface NodeContext {
  /** The request. Its body is the Request's: read it in one place only. */
  readonly req: NodeRequest;
  /** The response. It is sent by the handler's Response: set headers here, and write nothing. */
  readonly res: NodeResponse;
}

/** A handler as every fetch runtime has it; a Hono or Remix app's `fetch` fits. */
export type WebHandler = (request: Request, context: NodeContext) => Response | Promise<Response>;

/** A listener for `createServer`, or a middleware for Express and Connect. The promise settles and never rejects. */
export type NodeHandler = (req: NodeRequest, res: NodeResponse, next?: Next) => Promise<void>;

/** Options of {@link toNodeHandler}: those of {@link toWebRequest} and of {@link sendResponse}. */
export interface ToNodeHandlerOptions extends SendResponseOptions, ToWebRequestOptions {}

/**
 * Makes a listener for `node:http`, `node:https` and `node:http2`, or a middleware for Express and Connect, of a
 * handler that takes a Request and returns a Response.
 *
 * The Request is made as by {@link toWebRequest} and the Response sent as by {@link sendResponse}: see there for
 * backpressure and cancellation. A client that left before the handler returned has the body cancelled all the same.
 *
 * Errors: what the handler throws or rejects with, and a Response that cannot be sent, is passed to `next` if the
 * listener was called with one and the head is unsent; else it goes to `onError` once, and the client gets an empty
 * 500 or, after the head, a reset. After the client has left such errors are dropped. A request that cannot be a
 * Request is answered with 400 or 405 and not reported.
 *
 * @param handler - Called once a request.
 * @param options - Where URLs come from, `onError` and `writeTimeoutMs`.
 * @returns The listener.
 * @throws {TypeError} When `handler` is no function, or an option is unknown or of the wrong type.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { toNodeHandler } from "@ssewire/adapter-node";
 *
 * const handler = (request: Request): Response => new Response(`Hello from ${new URL(request.url).pathname}`);
 *
 * createServer(toNodeHandler(handler)).listen(3000);
 * ```
 * @see {@link https://fetch.spec.whatwg.org/ | Fetch}
 */
export function toNodeHandler(handler: WebHandler, options: ToNodeHandlerOptions = {}): NodeHandler {
  const task = "Cannot make handler";
  if (typeof handler !== "function") throw wrongType(task, "handler", "a function", handler);
  refuseUnknown(task, options, [...SEND_OPTION_NAMES, ...REQUEST_OPTION_NAMES]);
  const sendSettings = resolveSendOptions(task, options);
  const requestSettings = resolveRequestOptions(task, options);

  return (req, res, next) => {
    const answer = (): Response | Promise<Response> => {
      let request: Request;
      try {
        request = createRequest(req, res, requestSettings);
      } catch (error) {
        if (!(error instanceof RequestRefusedError)) throw error;
        return new Response(null, { status: error.status, headers: error.headers });
      }
      return handler(request, { req, res });
    };
    return respond(answer, res, sendSettings, next);
  };
}
