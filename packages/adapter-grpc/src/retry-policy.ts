import { checkOptions } from "./check-options.ts";
import { GrpcStreamError } from "./grpc-stream-error.ts";
import { wrongType } from "./wrong-type.ts";

/**
 * How a factory is called again when its call fails with UNAVAILABLE before the first message. After a message a new call
 * would begin anew: from there on, resuming is between the browser's last event ID and the service.
 *
 * The waiting grows as in gRPC's retry policy, give or take 20 %: 250 ms, 500 ms, 1 s and 2 s unless told otherwise.
 * (grpc-js itself tries to connect once a second at first; calls in between fail at once.)
 *
 * @see {@link https://github.com/grpc/proposal/blob/master/A6-client-retries.md | gRFC A6, client retries}
 */
export interface GrpcRetryOptions {
  /**
   * Calls at most, the first one included: an integer >= 1, or `Infinity`.
   *
   * @defaultValue 5
   */
  maxAttempts?: number | undefined;

  /**
   * Milliseconds between the first call's failure and the second call, greater than 0.
   *
   * @defaultValue 250
   */
  initialBackoffMs?: number | undefined;

  /**
   * By what the waiting is multiplied from one call to the next, at least 1.
   *
   * @defaultValue 2
   */
  backoffMultiplier?: number | undefined;

  /**
   * Milliseconds to which the waiting grows, at most 2 147 483 647. A server that asks for more, by a RetryInfo, gets no
   * further call: the failure goes to the browser, which is told when to come back.
   *
   * @defaultValue 5 000
   */
  maxBackoffMs?: number | undefined;
}

/** {@link GrpcRetryOptions}, checked and filled in. */
export type RetryPolicy = Readonly<Record<keyof GrpcRetryOptions, number>>;

/** What a timer of Node can hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Checks the `retry` option. */
export function resolveRetry(action: string, retry: GrpcRetryOptions): RetryPolicy {
  const allowed = ["maxAttempts", "initialBackoffMs", "backoffMultiplier", "maxBackoffMs"];
  checkOptions(action, retry, allowed, "retry");
  const { maxAttempts = 5, initialBackoffMs = 250, backoffMultiplier = 2, maxBackoffMs = 5_000 } = retry;
  const policy = { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs };
  for (const [name, value] of Object.entries(policy)) {
    if (typeof value !== "number") throw wrongType(action, `retry.${name}`, "a number", value);
  }
  const isCount = Number.isInteger(maxAttempts) || maxAttempts === Number.POSITIVE_INFINITY;
  check(action, "maxAttempts", maxAttempts, isCount && maxAttempts >= 1, "an integer >= 1 or Infinity");
  check(action, "backoffMultiplier", backoffMultiplier, backoffMultiplier >= 1, "at least 1");
  const isTime = maxBackoffMs > 0 && maxBackoffMs <= MAX_TIMER_MS;
  check(action, "maxBackoffMs", maxBackoffMs, isTime, `greater than 0 and at most ${MAX_TIMER_MS}`);
  const isWithin = initialBackoffMs > 0 && initialBackoffMs <= maxBackoffMs;
  check(action, "initialBackoffMs", initialBackoffMs, isWithin, "greater than 0 and at most `retry.maxBackoffMs`");
  return policy;
}

/**
 * Milliseconds to wait before the next call, `undefined` when there is to be none.
 *
 * @param attempts - How many calls have failed.
 * @param error - What the last one failed with.
 */
export function retryDelay(policy: RetryPolicy, attempts: number, error: unknown): number | undefined {
  if (!(error instanceof GrpcStreamError) || error.status !== "UNAVAILABLE") return undefined;
  const { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs } = policy;
  const askedMs = error.retryAfterMs ?? 0;
  if (attempts >= maxAttempts || askedMs > maxBackoffMs) return undefined;
  const backoffMs = Math.min(initialBackoffMs * backoffMultiplier ** (attempts - 1), maxBackoffMs);
  // Clients that lost the same server come back at different times.
  return Math.max(backoffMs * (0.8 + Math.random() * 0.4), askedMs);
}

function check(action: string, name: keyof GrpcRetryOptions, value: number, isAllowed: boolean, range: string): void {
  if (!isAllowed) throw new RangeError(`Cannot ${action}: \`retry.${name}\` must be ${range}, got ${value}`);
}
