import { checkDelay, outOfRange, refuseUnknown, wrongType } from "./options-check.ts";

/** How {@link closeGracefully} closes a server. */
export interface CloseGracefullyOptions {
  /**
   * Milliseconds, an integer from 1 to 2 147 483 647, until what is still open is destroyed. Less than the time your
   * platform grants between SIGTERM and SIGKILL: 30 000 on Kubernetes, 10 000 in Docker.
   *
   * @defaultValue 8 000
   */
  timeoutMs?: number | undefined;
  /**
   * Each client of an event stream is told to reconnect after a random time between these two, in milliseconds, so that
   * they do not all come at once. Passed to `manager.drain`.
   *
   * @defaultValue that of the manager: `[1000, 5000]`
   */
  retryMs?: readonly [min: number, max: number] | undefined;
}

/** Checked options. */
export interface CloseSettings {
  readonly timeoutMs: number;
  readonly retryMs: readonly [min: number, max: number] | undefined;
}

const TASK = "Cannot close server";

/** Checks and completes the options of {@link closeGracefully}. */
export function resolveCloseOptions(options: CloseGracefullyOptions): CloseSettings {
  refuseUnknown(TASK, options, ["timeoutMs", "retryMs"]);
  const { timeoutMs = 8_000, retryMs } = options;
  checkDelay(TASK, "timeoutMs", timeoutMs);
  if (retryMs !== undefined) checkRange(retryMs);
  return { timeoutMs, retryMs };
}

/** Throws unless `value` has the method `method`, as any `what` has. */
export function checkMethod(name: string, value: unknown, method: string, what: string): void {
  const has = Object(value) === value && typeof Reflect.get(Object(value), method) === "function";
  if (!has) throw wrongType(TASK, name, what, value);
}

function checkRange(range: readonly [min: number, max: number]): void {
  const allowed = "a pair [min, max] of integers >= 0 (ms) with min <= max";
  if (!Array.isArray(range)) throw wrongType(TASK, "retryMs", allowed, range);
  const [min, max] = range;
  const isRange = range.length === 2 && Number.isInteger(min) && Number.isInteger(max) && min >= 0 && min <= max;
  if (!isRange) throw outOfRange(TASK, "retryMs", allowed, range);
}
