/**
 * A request that cannot be a WHATWG Request: answer it with `status` and `headers`, as {@link toNodeHandler} does.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { RequestRefusedError, toWebRequest } from "@ssewire/adapter-node";
 *
 * createServer((req, res) => {
 *   try {
 *     const { url } = toWebRequest(req, res);
 *     res.end(url);
 *   } catch (error) {
 *     if (!(error instanceof RequestRefusedError)) throw error;
 *     res.writeHead(error.status, error.headers).end();
 *   }
 * });
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.5 | RFC 9110, 15.5}
 */
export class RequestRefusedError extends Error {
  override readonly name: string = "RequestRefusedError";
  /** `BAD_REQUEST`: an invalid host, target or field. `METHOD_NOT_ALLOWED`: TRACE, TRACK and CONNECT. */
  readonly code: "BAD_REQUEST" | "METHOD_NOT_ALLOWED";
  /** HTTP status of the answer; Express reads it as well. */
  readonly status: 400 | 405;
  /** Headers of the answer: `Allow` for a 405. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RequestRefusedError["code"], message: string, options?: ErrorOptions) {
    super(`Cannot make request: ${message}`, options);
    this.code = code;
    this.status = code === "BAD_REQUEST" ? 400 : 405;
    this.headers = code === "BAD_REQUEST" ? {} : { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" };
  }
}
