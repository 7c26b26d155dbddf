import { errorDataOf } from "./error-data.ts";

/**
 * An error as an RFC 9457 problem: 500 without a word of what happened, unless the error carries an `httpStatus` of its
 * own; that status, its message and its `errorData` are then meant to be seen.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457 | RFC 9457}
 */
export function problemResponse(error: unknown): Response {
  const problem = isShown(error)
    ? { ...errorDataOf(error), type: "about:blank", status: error.httpStatus, detail: error.message }
    : { type: "about:blank", status: 500 };
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
  });
}

function isShown(error: unknown): error is Error & { readonly httpStatus: number } {
  if (!(error instanceof Error) || !("httpStatus" in error)) return false;
  const { httpStatus } = error;
  return typeof httpStatus === "number" && Number.isInteger(httpStatus) && httpStatus >= 400 && httpStatus <= 599;
}
