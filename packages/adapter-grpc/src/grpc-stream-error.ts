import { errorData } from "@ssewire/core";
import { askDetails, askRetryable, withCause } from "./error-callbacks.ts";
import { type GrpcFailure, toGrpcFailure } from "./grpc-failure.ts";
import type { GrpcMetadata } from "./grpc-metadata.ts";
import { type GrpcStatusName, grpcStatus } from "./grpc-status.ts";
import { type GrpcStatusDetail, localizedText, readStatusDetails, retryInfo } from "./status-details.ts";

/** How the failure of a call is shown. */
export interface GrpcErrorOptions {
  /**
   * Shows the raw details of every gRPC failure as the error's message, and so in the error event on the wire. They name
   * hosts and internals: only for browsers that are trusted with them.
   *
   * @defaultValue `false`
   */
  expose?: boolean | undefined;

  /**
   * What the error event and the problem+json response show under `details`, as JSON; `undefined` shows nothing. Called
   * once for each failed call. Typically `decodeStatusDetails` of `@ssewire/adapter-grpc/protobuf`, or a part of what it
   * gives.
   *
   * When it throws or gives a promise, that is the error the stream fails with, with the gRPC error as its `cause` unless
   * it has one.
   *
   * @defaultValue none: nothing but the text of a LocalizedMessage and the delay of a RetryInfo is shown
   */
  details?: ((error: GrpcStreamError) => unknown) | undefined;

  /**
   * Whether the same call may succeed when it is made again, in place of what `GrpcStreamError.retryable` says otherwise.
   * Called once for each failed call, before `details`. What is not retryable has no `retryAfterMs`, and is final for the
   * `stopReconnect` option of core.
   *
   * When it throws or gives no boolean, that is the error the stream fails with, as for `details`.
   *
   * @defaultValue UNAVAILABLE, CANCELLED by anybody but us, and whatever comes with a RetryInfo
   */
  retryable?: ((error: GrpcStreamError) => boolean) | undefined;
}

/** Options of {@link GrpcStreamError}. */
export interface GrpcStreamErrorOptions extends GrpcErrorOptions {
  /** The error this one was made from. */
  cause?: unknown;
}

/** What the error event of a failed call shows besides `error` and `status`. */
export interface GrpcErrorData {
  /** Name of the status code, such as `"NOT_FOUND"`. */
  readonly code: GrpcStatusName;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;
  /** How long to wait before that; core makes it the reconnection time, and `Retry-After`. */
  readonly retryAfterMs?: number;
  /** What the option `details` gave. */
  readonly details?: unknown;
}

/**
 * A failed gRPC call, safe to show to a browser.
 *
 * `message` is the text of a `google.rpc.LocalizedMessage` among the status details. Without one it holds the server's
 * details for the codes whose details are written for callers (INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS,
 * PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION, OUT_OF_RANGE, ABORTED, RESOURCE_EXHAUSTED), and a fixed text
 * per code for the others, whose details name hosts and internals. `details`, `statusDetails`, `metadata` and `cause` are
 * raw: for the log, not for the browser.
 *
 * @example
 * ```ts
 * import { GrpcStreamError } from "@ssewire/adapter-grpc";
 *
 * const error = new GrpcStreamError({ code: 14, details: "connect ECONNREFUSED 10.0.0.7:50051" });
 * error.message; // "Service unavailable"
 * error.status; // "UNAVAILABLE"
 * error.httpStatus; // 503
 * error.retryable; // true
 * ```
 * @see {@link https://grpc.io/docs/guides/status-codes/ | gRPC status codes}
 * @see {@link https://grpc.io/docs/guides/error/ | gRPC, error handling}
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface below
export class GrpcStreamError extends Error {
  override readonly name: string = "GrpcStreamError";
  /** Status code, 1 to 16. */
  readonly code: number;
  /** Name of the status code. */
  readonly status: GrpcStatusName;
  /** Status message as it was received. Not safe to show. */
  readonly details: string;
  /** Details of the status (of the richer error model) as they were received. Not safe to show. */
  readonly statusDetails: readonly GrpcStatusDetail[];
  /** Trailing metadata as it was received. Not safe to show. */
  readonly metadata: GrpcMetadata | undefined;
  /** Status of an HTTP response that stands for `code`, such as 404 for NOT_FOUND. */
  readonly httpStatus: number;
  /**
   * Whether the same call may succeed when it is made again: UNAVAILABLE, CANCELLED by anybody but us, whatever comes with
   * a `google.rpc.RetryInfo`; or what the option `retryable` says.
   */
  readonly retryable: boolean;
  /**
   * How long to wait before that, in whole milliseconds, rounded up: the delay of the RetryInfo, at most a day; a longer
   * or a negative one is ignored. `undefined` when it says nothing, or the failure is not retryable.
   */
  readonly retryAfterMs: number | undefined;

  /**
   * @param failure - What the call failed with. Of another `GrpcStreamError`, what the options leave open is taken over.
   * @param options - `expose`, `details`, `retryable`, `cause`.
   * @throws {TypeError} When `retryable` gives no boolean, or `details` a promise.
   * @throws What `details` and `retryable` throw.
   */
  constructor(failure: GrpcFailure, options: GrpcStreamErrorOptions = {}) {
    const previous = failure instanceof GrpcStreamError ? failure : undefined;
    const statusDetails = failure.statusDetails ?? readStatusDetails(failure.metadata);
    const { code, name, httpStatus, showsDetails, text } = grpcStatus(failure.code);
    const raw = failure.details === "" ? undefined : failure.details;
    const safe = previous?.message ?? localizedText(statusDetails) ?? (showsDetails ? raw : undefined);
    super(
      (options.expose === true ? raw : undefined) ?? safe ?? text,
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.code = code;
    this.status = name;
    this.details = failure.details;
    this.statusDetails = statusDetails;
    this.metadata = failure.metadata;
    this.httpStatus = httpStatus;
    const retry = retryInfo(statusDetails);
    this.retryAfterMs = retry?.retryAfterMs;
    // Our own cancellations end quietly and never come here: this one says that the server is going away.
    const isTransient = name === "UNAVAILABLE" || name === "CANCELLED" || retry !== undefined;
    this.retryable = previous?.retryable ?? isTransient;
    // From here on the error is complete, for the functions to look at, but for what they decide.
    if (options.retryable !== undefined) this.retryable = askRetryable(this, options.retryable);
    if (!this.retryable) this.retryAfterMs = undefined;
    const shown = options.details === undefined ? previous?.[errorData].details : askDetails(this, options.details);
    const data: GrpcErrorData = {
      code: name,
      retryable: this.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(shown !== undefined && { details: shown }),
    };
    Object.defineProperty(this, errorData, { value: data });
  }
}

// Isolated declarations allow no computed name in a class, so the property is declared here; the constructor defines it.
export interface GrpcStreamError {
  /** What core's error event shows besides `error` (the message) and `status`. */
  readonly [errorData]: GrpcErrorData;
}

/**
 * The {@link GrpcStreamError} for what a call failed with; anything that is not a gRPC failure comes back unchanged.
 *
 * Nothing is thrown: what `details` or `retryable` throws is what comes back, with the gRPC error as its `cause`, so that
 * the log knows both.
 *
 * @param error - Whatever was thrown.
 * @param options - `expose`, `details`, `retryable`.
 */
export function toGrpcStreamError(error: unknown, options: GrpcErrorOptions = {}): unknown {
  const { expose = false, details, retryable } = options;
  const failure = failureOf(error);
  if (failure === undefined) return error;
  const hasOptions = expose || details !== undefined || retryable !== undefined;
  if (failure instanceof GrpcStreamError && !hasOptions) return failure;
  try {
    return new GrpcStreamError(failure, { expose, details, retryable, cause: error });
  } catch (thrown) {
    return withCause(thrown, new GrpcStreamError(failure, { expose, cause: error }));
  }
}

function failureOf(error: unknown): GrpcFailure | undefined {
  try {
    return error instanceof GrpcStreamError ? error : toGrpcFailure(error);
  } catch {
    // What cannot be looked at is not of a gRPC library.
    return undefined;
  }
}
