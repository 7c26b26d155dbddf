/**
 * Key under which an error carries what its error event shows besides `error` and `status`.
 *
 * Registered with `Symbol.for`, so that an error made with one copy of this package is understood by another. The
 * value is an object whose fields are spread over the default `{ error: message, status: "error" }`; it goes to the
 * browser, so it must hold nothing secret.
 *
 * @example
 * ```ts
 * import { errorData, SSEManager } from "@ssewire/core";
 *
 * class QuotaError extends Error {
 *   readonly [errorData] = { code: "QUOTA", retryable: true };
 * }
 *
 * async function* progress(): AsyncGenerator<number> {
 *   yield 50;
 *   throw new QuotaError("Quota used up");
 * }
 *
 * // event: error
 * // data: {"error":"Quota used up","status":"error","code":"QUOTA","retryable":true}
 * SSEManager.createResponse(progress(), "progress");
 * ```
 */
export const errorData: unique symbol = Symbol.for("ssewire.errorData");

/** What the error event of an error carries unless the `formatError` option says otherwise. */
export function formatError(error: unknown): object {
  return { error: messageOf(error), status: "error", ...errorDataOf(error) };
}

/** Whether the error itself says that it makes sense to come back. */
export function isRetryable(error: unknown): boolean {
  const data = errorDataOf(error);
  return data !== undefined && "retryable" in data && data.retryable === true;
}

export function errorDataOf(error: unknown): object | undefined {
  const data = typeof error === "object" && error !== null && errorData in error ? error[errorData] : undefined;
  return typeof data === "object" && data !== null ? data : undefined;
}

function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : undefined;
  return typeof message === "string" ? message : "Unknown error";
}
