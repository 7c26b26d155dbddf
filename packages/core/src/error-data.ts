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
export const errorData: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.errorData");

/** What the error event of an error carries unless the `formatError` option says otherwise. */
export function formatError(error: unknown): object {
  return { error: messageOf(error), status: "error", ...errorDataOf(error) };
}

/** Whether an error says of itself that coming back makes sense; one that cannot be looked at does not. */
export function isRetryable(error: unknown): boolean {
  try {
    return errorDataOf(error)["retryable"] === true;
  } catch {
    return false;
  }
}

/** What an error carries under {@link errorData}. */
export function errorDataOf(error: unknown): Record<string, unknown> {
  const carrier: { [errorData]?: unknown } = Object(error);
  const data = carrier[errorData];
  return typeof data === "object" ? { ...data } : {};
}

function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  const { message }: { message?: unknown } = Object(error);
  return typeof message === "string" ? message : "Unknown error";
}
