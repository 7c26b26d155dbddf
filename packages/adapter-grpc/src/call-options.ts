import { Metadata } from "@grpc/grpc-js";
import { checkOptions, checkSignal } from "./check-options.ts";
import { wrongType } from "./wrong-type.ts";

/** Options of one call. */
export interface GrpcCallOptions {
  /**
   * Cancels the RPC when aborted. The listener is removed when the call is over.
   *
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;

  /**
   * When the call fails with DEADLINE_EXCEEDED: a `Date`, or milliseconds since the epoch. Sent as `grpc-timeout`. Not
   * together with `timeoutMs`.
   *
   * @defaultValue none
   */
  deadline?: Date | number | undefined;

  /**
   * The same, in milliseconds from now, greater than 0. For a stream this limits its whole life.
   *
   * @defaultValue none
   */
  timeoutMs?: number | undefined;

  /**
   * Sent as the request's headers.
   *
   * @defaultValue none
   */
  metadata?: Metadata | undefined;
}

/** {@link GrpcCallOptions}, checked and filled in. */
export interface ResolvedCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  readonly metadata: Metadata;
}

/** Checks the options of a call; the error says which call. */
export function resolveCallOptions(action: string, options: GrpcCallOptions): ResolvedCallOptions {
  checkOptions(action, options, ["signal", "deadline", "timeoutMs", "metadata"]);
  const { signal, metadata = new Metadata() } = options;
  checkSignal(action, signal);
  if (!(metadata instanceof Metadata)) throw wrongType(action, "metadata", "a Metadata of @grpc/grpc-js", metadata);
  return { signal, deadline: resolveDeadline(action, options), metadata };
}

function resolveDeadline(action: string, { deadline, timeoutMs }: GrpcCallOptions): number {
  if (timeoutMs !== undefined) {
    if (deadline !== undefined) throw new TypeError(`Cannot ${action}: \`deadline\` and \`timeoutMs\` are both given`);
    if (typeof timeoutMs !== "number") throw wrongType(action, "timeoutMs", "a number", timeoutMs);
    if (!(timeoutMs > 0)) throw new RangeError(`Cannot ${action}: \`timeoutMs\` is ${timeoutMs}, not greater than 0`);
    return Date.now() + timeoutMs;
  }
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  const time = deadline instanceof Date ? deadline.getTime() : deadline;
  if (typeof time !== "number") throw wrongType(action, "deadline", "a Date or a number", deadline);
  if (Number.isNaN(time)) throw new RangeError(`Cannot ${action}: \`deadline\` is not a valid time`);
  return time;
}
