import type { Lease } from "./lease.ts";
import { RedisEventLogError } from "./redis-event-log-error.ts";

type Write = (context: { readonly signal: AbortSignal }) => Promise<void>;

/** What leading needs of a log. */
export interface LeadParts {
  readonly lease: Lease;
  readonly closed: AbortSignal;
  /** Told of each lease that was got. */
  readonly onToken: (token: string) => void;
  /** Told of a lease that is given back. */
  readonly onRelease: (released: Promise<void>) => void;
}

/**
 * Runs a writer while it has the lease, again whenever it gets it back.
 *
 * When the writer is through, the lease is not given back: it goes with the end of the log, which is appended under it, or
 * runs out. Otherwise somebody who waits would begin between the two.
 *
 * @see EventLog.lead
 */
export async function leadLog(parts: LeadParts, write: Write, signal: AbortSignal): Promise<boolean> {
  const { lease, closed } = parts;
  const stop = AbortSignal.any([signal, closed]);
  try {
    for (;;) {
      stop.throwIfAborted();
      const answer = await lease.acquire(stop);
      if (typeof answer === "string") return answer === "completed";
      parts.onToken(answer.token);
      if (await writeUnder(answer, parts, write, stop)) return true;
    }
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** @returns Whether the writer is through; `false` when the lease was lost. */
async function writeUnder(
  { token, validUntil }: { readonly token: string; readonly validUntil: number },
  { lease, onRelease }: LeadParts,
  write: Write,
  stop: AbortSignal,
): Promise<boolean> {
  const controller = new AbortController();
  const over = new AbortController();
  let isLost = false;
  const lose = (): void => {
    if (over.signal.aborted || stop.aborted) return;
    isLost = true;
    controller.abort(new RedisEventLogError("LEASE_LOST", "Cannot go on writing: another process may lead"));
  };
  lease.keep(token, validUntil, AbortSignal.any([stop, over.signal])).then(lose, lose);
  let onStop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    onStop = () => {
      controller.abort(stop.reason);
      reject(stop.reason);
    };
    stop.addEventListener("abort", onStop);
  });
  try {
    await Promise.race([write({ signal: controller.signal }), stopped]);
    stop.throwIfAborted();
    return !isLost;
  } catch (error) {
    if (stop.aborted) onRelease(lease.release(token));
    // Refused by Redis before we knew: what follows from it is the same.
    const isRefused = error instanceof RedisEventLogError && error.code === "LEASE_LOST";
    if (isRefused && !stop.aborted) controller.abort(error);
    if ((isLost || isRefused) && !stop.aborted) return false;
    throw error;
  } finally {
    over.abort();
    stop.removeEventListener("abort", onStop);
  }
}
