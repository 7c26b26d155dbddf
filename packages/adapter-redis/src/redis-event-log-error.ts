import { errorData } from "@ssewire/core";

/**
 * What went wrong:
 *
 * - `LEASE_LOST`: another process may be writing; the event was not appended.
 * - `REDIS_UNAVAILABLE`: Redis did not answer within `appendTimeoutMs`, or too much waits for it. An event whose command was
 *   under way may have been appended.
 * - `REDIS_REFUSED`: Redis answered with an error, as when its memory is full; `cause` has it. Nothing was appended.
 * - `CLOSED`: the logs were closed.
 */
export type RedisEventLogErrorCode = "LEASE_LOST" | "REDIS_UNAVAILABLE" | "REDIS_REFUSED" | "CLOSED";

/**
 * A log on Redis could not do what it was asked for. Its message holds no addresses and no keys; `cause` may.
 *
 * For the error event of a stream it says `retryable: true`: a client that comes back goes on after its last event.
 *
 * @example
 * ```ts
 * import { type RedisEventLog, RedisEventLogError } from "@ssewire/adapter-redis";
 *
 * async function report(log: RedisEventLog<number>, percent: number): Promise<boolean> {
 *   try {
 *     await log.append(percent);
 *     return true;
 *   } catch (error) {
 *     if (error instanceof RedisEventLogError && error.code === "LEASE_LOST") return false;
 *     throw error;
 *   }
 * }
 * ```
 */
export class RedisEventLogError extends Error {
  override readonly name: string = "RedisEventLogError";
  /** What went wrong; see {@link RedisEventLogErrorCode}. */
  readonly code: RedisEventLogErrorCode;

  constructor(code: RedisEventLogErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, errorData, { value: { code, retryable: true } });
  }
}
