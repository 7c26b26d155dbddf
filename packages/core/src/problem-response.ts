import { errorDataOf, retryAfterMs } from "./error-data.ts";
import { serializeJson } from "./serialize-json.ts";

/**
 * An error as an RFC 9457 problem: 500 without a word of what happened, unless the error carries an `httpStatus`, 400 to
 * 599, of its own; that status, its message and its `errorData` are then meant to be seen, and `retryAfterMs` of the
 * latter becomes `Retry-After`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457 | RFC 9457}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.retry-after | RFC 9110, Retry-After}
 */
export function problemResponse(error: unknown): Response {
  try {
    const { httpStatus, message }: { httpStatus?: unknown; message?: unknown } = Object(error);
    if (
      error instanceof Error &&
      typeof httpStatus === "number" &&
      Number.isSafeInteger(httpStatus) &&
      httpStatus >= 400 &&
      httpStatus < 600
    ) {
      return problem(httpStatus, { ...errorDataOf(error), detail: message }, retryAfterMs(error));
    }
  } catch {
    // What cannot be looked at, or has no JSON form, is not shown.
  }
  return problem(500);
}

function problem(status: number, shown?: object, retryMs?: number): Response {
  return new Response(serializeJson({ ...shown, type: "about:blank", status }), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      // In seconds; 0 would have all clients come back at once.
      ...(retryMs !== undefined && { "Retry-After": String(Math.ceil(retryMs / 1000) || 1) }),
    },
  });
}
