/**
 * Key under which an error carries what its error event shows besides `error` and `status`.
 *
 * Registered with `Symbol.for`, so that an error made with one copy of this package is understood by another. The
 * value is an object whose fields are spread over the default `{ error: message, status: "error" }`; it goes to the
 * browser, so it must hold nothing secret. Two of them are looked at on the way:
 *
 * - `retryable: true` keeps an error from being final for the `stopReconnect` option.
 * - `retryAfterMs`, a number >= 0, is how long the client shall wait before it comes back, rounded up. It becomes the
 *   `retry:` field of the error event, unless `formatError` makes an event of its own, and `Retry-After`, in seconds and
 *   at least 1, of the response to a failed opening. `EventSource` keeps a reconnection time until it is told another:
 *   set `retryMs`, and the next stream puts it back. A value that is no such number is shown and changes nothing.
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
  const { message = error }: { message?: unknown } = Object(error);
  return {
    error: typeof message === "string" ? message : "Unknown error",
    status: "error",
    ...errorDataOf(error),
  };
}

/** Whether an error says of itself that coming back makes sense. */
export function isRetryable(error: unknown): boolean {
  return errorDataOf(error)["retryable"] === true;
}

/** How many milliseconds an error asks its readers to stay away, rounded up, if it does and if that is a time. */
export function retryAfterMs(error: unknown): number | undefined {
  const ms = errorDataOf(error)["retryAfterMs"];
  return typeof ms === "number" && Number.isSafeInteger(Math.ceil(ms)) && ms >= 0 ? Math.ceil(ms) : undefined;
}

/** What an error carries under {@link errorData}; nothing when it cannot be looked at. */
export function errorDataOf(error: unknown): Record<string, unknown> {
  try {
    const { [errorData]: data }: { [errorData]?: unknown } = Object(error);
    return { ...(typeof data === "object" && data) };
  } catch {
    return {};
  }
}
