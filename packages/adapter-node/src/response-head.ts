import { isHttp2, type NodeResponse } from "./node-message.ts";

/**
 * Fields that belong to one connection, not to a response: the server sets its own on HTTP/1, and on HTTP/2 they make
 * `writeHead` throw or warn. `trailer` is among them, as a Response has no trailers to announce.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 | RFC 9110, 7.6.1}
 */
const HOP_BY_HOP = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What HTTP allows as a reason phrase; Node throws for anything else. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * Sets status and headers of `response` on `res`, sending nothing. Fields replace those the framework has set before,
 * but for Set-Cookie, which is added to them.
 *
 * @throws What Node throws for an invalid status or header; then no header of `response` stays behind.
 */
export function setHead(res: NodeResponse, response: Response): void {
  res.statusCode = response.status;
  if (!isHttp2(res)) {
    res.statusMessage = REASON_PHRASE.test(response.statusText) ? response.statusText : "";
    // A body longer or shorter than its Content-Length would be read as part of the next response.
    res.strictContentLength = true;
  }
  try {
    setHeaders(res, response.headers);
  } catch (error) {
    // Cookies come last, all or none, and the framework's must survive.
    for (const [name] of response.headers) if (name !== "set-cookie") res.removeHeader(name);
    throw error;
  }
}

function setHeaders(res: NodeResponse, headers: Headers): void {
  const cookies: string[] = [];
  for (const [name, value] of headers) {
    if (name === "set-cookie") cookies.push(value);
    else if (!HOP_BY_HOP.has(name)) res.setHeader(name, value);
  }
  if (cookies.length > 0) res.setHeader("set-cookie", [...cookiesSetBefore(res), ...cookies]);
}

function cookiesSetBefore(res: NodeResponse): string[] {
  const before: unknown = res.getHeader("set-cookie");
  if (before === undefined) return [];
  return Array.isArray(before) ? before.map(String) : [String(before)];
}

/**
 * Whether the response goes out without a body, whatever body it holds.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1 | RFC 9110, 6.4.1}
 */
export function isBodiless(res: NodeResponse, response: Response): boolean {
  const { status } = response;
  return res.req.method === "HEAD" || response.body === null || status === 204 || status === 205 || status === 304;
}

/**
 * Corrects a Content-Length that promises a body nobody will send. HEAD and 304 tell the length of another response.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-8.6 | RFC 9110, 8.6}
 */
export function setBodilessLength(res: NodeResponse): void {
  if (res.req.method === "HEAD" || res.statusCode === 304) return;
  if (res.statusCode === 204) res.removeHeader("content-length");
  else res.setHeader("content-length", "0");
}
