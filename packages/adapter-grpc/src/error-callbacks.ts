import { wrongType } from "./wrong-type.ts";

const ACTION = "convert gRPC error";

/** What the option `retryable` says. */
export function askRetryable<Failure>(error: Failure, retryable: (error: Failure) => unknown): boolean {
  const answer = notPromised("retryable", retryable(error));
  if (typeof answer !== "boolean") throw wrongType(ACTION, "retryable()", "a boolean", answer);
  return answer;
}

/** What the option `details` shows. */
export function askDetails<Failure>(error: Failure, details: (error: Failure) => unknown): unknown {
  return notPromised("details", details(error));
}

/** An error is made at once. The rejection of a promise that nobody waits for must not end the process. */
function notPromised(name: string, answer: unknown): unknown {
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw new TypeError(`Cannot ${ACTION}: \`${name}\` must not return a promise`);
}

/** The same error, which names its cause from now on, unless it names one already or cannot be told. */
export function withCause(thrown: unknown, cause: Error): unknown {
  try {
    if (thrown instanceof Error && thrown.cause === undefined && thrown !== cause.cause) {
      Object.defineProperty(thrown, "cause", { value: cause, writable: true, configurable: true });
    }
  } catch {
    // Frozen, or it cannot be looked at.
  }
  return thrown;
}
