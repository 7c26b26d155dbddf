import { errorData } from "@ssewire/core";
import { type GrpcStatusName, grpcStatus } from "./grpc-status.ts";

/** The part of a grpc-js `Metadata` that errors are read for. */
export interface GrpcMetadata {
  /** All values of a key; a `Buffer` each when the key ends in `-bin`. */
  get(key: string): readonly (string | Uint8Array)[];
}

/** What a call failed with: the shape of a grpc-js `ServiceError`. */
export interface GrpcFailure {
  /** Status code, 1 to 16; any other number counts as 2, UNKNOWN. */
  readonly code: number;
  /** Status message as the server or the library wrote it. */
  readonly details: string;
  /** Trailing metadata. */
  readonly metadata?: GrpcMetadata | undefined;
}

/** Options of {@link GrpcStreamError}. */
export interface GrpcStreamErrorOptions {
  /**
   * Shows `details` as `message` whatever the code, for a BFF whose browsers are trusted with addresses and internals.
   *
   * @defaultValue `false`
   */
  expose?: boolean | undefined;
  /** The error this one was made from. */
  cause?: unknown;
}

/** What the error event of a failed call shows besides `error` and `status`. */
export interface GrpcErrorData {
  /** Name of the status code, such as `"NOT_FOUND"`. */
  readonly code: GrpcStatusName;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;
}

/**
 * A failed gRPC call, safe to show to a browser.
 *
 * `message` holds the server's details for the codes whose details are written for callers (INVALID_ARGUMENT, NOT_FOUND,
 * ALREADY_EXISTS, PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION, OUT_OF_RANGE, ABORTED, RESOURCE_EXHAUSTED) and
 * a fixed text per code for the others, whose details name hosts and internals. `details`, `metadata` and `cause` are
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
  /** Trailing metadata as it was received. Not safe to show. */
  readonly metadata: GrpcMetadata | undefined;
  /** Status of an HTTP response that stands for `code`, such as 404 for NOT_FOUND. */
  readonly httpStatus: number;
  /** Whether the same call may succeed when it is made again: UNAVAILABLE, or CANCELLED by anybody but us. */
  readonly retryable: boolean;

  /**
   * @param failure - What the call failed with.
   * @param options - `expose`, `cause`.
   */
  constructor(failure: GrpcFailure, options: GrpcStreamErrorOptions = {}) {
    const { code, name, httpStatus, showsDetails, text } = grpcStatus(failure.code);
    const isShown = options.expose === true || showsDetails;
    super(
      isShown && failure.details !== "" ? failure.details : text,
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.code = code;
    this.status = name;
    this.details = failure.details;
    this.metadata = failure.metadata;
    this.httpStatus = httpStatus;
    // Our own cancellations end quietly and never come here: this one says that the server is going away.
    this.retryable = name === "UNAVAILABLE" || name === "CANCELLED";
    const data: GrpcErrorData = { code: name, retryable: this.retryable };
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
 * @param error - Whatever was thrown.
 * @param expose - See {@link GrpcStreamErrorOptions.expose}.
 */
export function toGrpcStreamError(error: unknown, expose = false): unknown {
  if (error instanceof GrpcStreamError && !expose) return error;
  return isGrpcFailure(error) ? new GrpcStreamError(error, { expose, cause: error }) : error;
}

/**
 * Numeric codes are everywhere: 20 on an AbortError, 1062 on a database error. Only what also carries a status message
 * and, as grpc-js does, metadata or, as nice-grpc does, the path of the method is a gRPC failure.
 */
function isGrpcFailure(error: unknown): error is GrpcFailure {
  if (!(error instanceof Error && "code" in error && "details" in error)) return false;
  if (!Number.isInteger(error.code) || typeof error.details !== "string") return false;
  return ("metadata" in error && isMetadata(error.metadata)) || ("path" in error && isMethodPath(error.path));
}

function isMetadata(value: unknown): value is GrpcMetadata {
  return typeof value === "object" && value !== null && "get" in value && typeof value.get === "function";
}

function isMethodPath(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("/");
}
