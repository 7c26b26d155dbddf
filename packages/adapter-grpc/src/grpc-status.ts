/** Name of a gRPC status code other than OK. */
export type GrpcStatusName =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What is fixed about a status code. */
export interface GrpcStatus {
  readonly code: number;
  readonly name: GrpcStatusName;
  /** Status of an HTTP response that stands for it. */
  readonly httpStatus: number;
  /** Whether `details` are written for the caller, so that a browser may see them. */
  readonly showsDetails: boolean;
  /** What a browser sees when it may not see the details, or there are none. */
  readonly text: string;
}

/**
 * UNKNOWN, INTERNAL, UNAVAILABLE and DEADLINE_EXCEEDED are mostly written by libraries and proxies, with addresses, host
 * names and SQL in them; CANCELLED, UNIMPLEMENTED and DATA_LOSS say nothing a browser could use.
 */
const HIDDEN = false;
const SHOWN = true;

const UNKNOWN = status(2, "UNKNOWN", 500, HIDDEN, "Unknown error");

const STATUSES: readonly GrpcStatus[] = [
  status(1, "CANCELLED", 499, HIDDEN, "The call was cancelled"),
  UNKNOWN,
  status(3, "INVALID_ARGUMENT", 400, SHOWN, "Invalid argument"),
  status(4, "DEADLINE_EXCEEDED", 504, HIDDEN, "The deadline was exceeded"),
  status(5, "NOT_FOUND", 404, SHOWN, "Not found"),
  status(6, "ALREADY_EXISTS", 409, SHOWN, "Already exists"),
  status(7, "PERMISSION_DENIED", 403, SHOWN, "Permission denied"),
  status(8, "RESOURCE_EXHAUSTED", 429, SHOWN, "Resource exhausted"),
  status(9, "FAILED_PRECONDITION", 400, SHOWN, "Failed precondition"),
  status(10, "ABORTED", 409, SHOWN, "Aborted"),
  status(11, "OUT_OF_RANGE", 400, SHOWN, "Out of range"),
  status(12, "UNIMPLEMENTED", 501, HIDDEN, "Not implemented"),
  status(13, "INTERNAL", 500, HIDDEN, "Internal error"),
  status(14, "UNAVAILABLE", 503, HIDDEN, "Service unavailable"),
  status(15, "DATA_LOSS", 500, HIDDEN, "Data loss"),
  status(16, "UNAUTHENTICATED", 401, SHOWN, "Unauthenticated"),
];

/**
 * The status a failed call ended with.
 *
 * @param code - As it came over the wire: a newer server may send a code that is not in the table, and a broken one OK;
 * as the failure of a call, both are UNKNOWN.
 * @see {@link https://grpc.io/docs/guides/status-codes/ | gRPC status codes}
 */
export function grpcStatus(code: number): GrpcStatus {
  return STATUSES[code - 1] ?? UNKNOWN;
}

/** The code of that name, `undefined` when there is none. */
export function grpcStatusCode(name: string): number | undefined {
  return STATUSES.find((status) => status.name === name)?.code;
}

function status(
  code: number,
  name: GrpcStatusName,
  httpStatus: number,
  showsDetails: boolean,
  text: string,
): GrpcStatus {
  return { code, name, httpStatus, showsDetails, text };
}
