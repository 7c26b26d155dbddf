import { errorDataOf } from "./error-data.ts";
import { serializeJson } from "./serialize-json.ts";

/**
 * An error as an RFC 9457 problem: 500 without a word of what happened, unless the error carries an `httpStatus`, 400 to
 * 599, of its own; that status, its message and its `errorData` are then meant to be seen.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457 | RFC 9457}
 */
export function problemResponse(error: unknown): Response {
  const { status, shown } = describeProblem(error);
  return new Response(serializeJson({ ...shown, type: "about:blank", status }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
  });
}

function describeProblem(error: unknown): { status: number; shown?: object } {
  try {
    if (error instanceof Error && "httpStatus" in error && isErrorStatus(error.httpStatus)) {
      const shown = { ...errorDataOf(error), detail: error.message };
      serializeJson(shown);
      return { status: error.httpStatus, shown };
    }
  } catch {
    // What cannot be looked at, or has no JSON form, is not shown.
  }
  return { status: 500 };
}

function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
}
