import type { Interceptor, Metadata } from "@grpc/grpc-js";
import { callMetadata, type GrpcMetadataInit } from "./call-metadata.ts";
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
   * When the call fails with DEADLINE_EXCEEDED: a `Date`, or milliseconds since the epoch; at once when it has passed. Sent
   * as `grpc-timeout`; one more than 2 147 483 647 ms (about 25 days) ahead is left to the server alone. Not together with
   * `timeoutMs`.
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
   * Sent as the request's headers, such as `{ "x-tenant": "acme" }`. Keys that HTTP/2 and gRPC keep for themselves are
   * refused. For headers of a request, see `metadataFromHeaders`.
   *
   * @defaultValue what the client has
   */
  metadata?: GrpcMetadataInit | undefined;

  /**
   * Client interceptors of grpc-js, instead of the client's; an empty list changes nothing.
   *
   * @defaultValue what the client has
   */
  interceptors?: readonly Interceptor[] | undefined;
}

/** What calls have of their client. */
export interface CallDefaults {
  metadata(): GrpcMetadataInit | undefined;
  readonly interceptors: readonly Interceptor[];
}

/** {@link GrpcCallOptions}, checked and filled in. */
export interface ResolvedCallOptions {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  readonly metadata: Metadata;
  readonly interceptors: readonly Interceptor[];
}

/** Beyond 99 999 999 hours grpc-js 1.14 cannot write `grpc-timeout`, and says so by an unhandled rejection. */
const MAX_TIMEOUT_MS = 99_999_999 * 3_600_000;

/** Checks the options of a call; the error says which call. */
export function resolveCallOptions(
  action: string,
  options: GrpcCallOptions,
  defaults: CallDefaults,
): ResolvedCallOptions {
  checkOptions(action, options, ["signal", "deadline", "timeoutMs", "metadata", "interceptors"]);
  const { signal, metadata, interceptors = [] } = options;
  checkSignal(action, signal);
  checkInterceptors(action, interceptors);
  return {
    signal,
    deadline: resolveDeadline(action, options),
    metadata: callMetadata(action, defaults.metadata(), metadata),
    interceptors: interceptors.length > 0 ? interceptors : defaults.interceptors,
  };
}

/** Throws a `TypeError` unless these are functions. */
export function checkInterceptors(action: string, interceptors: unknown): void {
  const areFunctions = Array.isArray(interceptors) && interceptors.every((each) => typeof each === "function");
  if (!areFunctions) throw wrongType(action, "interceptors", "an array of functions", interceptors);
}

function resolveDeadline(action: string, options: GrpcCallOptions): number {
  const deadline = readDeadline(action, options);
  return deadline - Date.now() > MAX_TIMEOUT_MS ? Number.POSITIVE_INFINITY : deadline;
}

function readDeadline(action: string, { deadline, timeoutMs }: GrpcCallOptions): number {
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
