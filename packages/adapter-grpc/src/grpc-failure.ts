import { type GrpcMetadata, hasGet, metadataFromText } from "./grpc-metadata.ts";
import { grpcStatusCode } from "./grpc-status.ts";
import type { GrpcStatusDetail } from "./status-details.ts";

/** What a call failed with: the shape of a grpc-js `ServiceError`. */
export interface GrpcFailure {
  /** Status code, 1 to 16; any other number counts as 2, UNKNOWN. */
  readonly code: number;
  /** Status message as the server or the library wrote it. */
  readonly details: string;
  /** Trailing metadata. */
  readonly metadata?: GrpcMetadata | undefined;
  /**
   * Details of the status, where the library has decoded them.
   *
   * @defaultValue those in `grpc-status-details-bin` of `metadata`
   */
  readonly statusDetails?: readonly GrpcStatusDetail[] | undefined;
}

/**
 * What a call failed with, `undefined` when `error` is not the failure of a call.
 *
 * The shape decides, as there are as many copies of a library as there are versions, and it decides strictly: codes are
 * everywhere, 20 on an AbortError, 11000 on a database error, `"ENOENT"` on a system error.
 *
 * @throws What the error's own getters throw.
 */
export function toGrpcFailure(error: unknown): GrpcFailure | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  return fromGrpcJs(error) ?? fromConnect(error) ?? fromProtobufTs(error);
}

type Coded = Error & { readonly code: unknown };

/** grpc-js' ServiceError, and nice-grpc's ClientError, which has the path of the method in place of the metadata. */
function fromGrpcJs(error: Coded): GrpcFailure | undefined {
  const { code } = error;
  if (typeof code !== "number" || !Number.isInteger(code)) return undefined;
  if (!("details" in error && typeof error.details === "string")) return undefined;
  const { details } = error;
  if ("metadata" in error && isMetadata(error.metadata)) return { code, details, metadata: error.metadata };
  return "path" in error && isMethodPath(error.path) ? { code, details } : undefined;
}

function isMetadata(value: unknown): value is GrpcMetadata {
  return hasGet(value);
}

function isMethodPath(value: unknown): boolean {
  return typeof value === "string" && /^\/[^/]+\/[^/]+$/.test(value);
}

/** Connect's ConnectError, of its gRPC, gRPC-Web and Connect protocols. */
function fromConnect(error: Coded): GrpcFailure | undefined {
  const { code, name } = error;
  if (name !== "ConnectError" || typeof code !== "number" || !Number.isInteger(code) || code < 1 || code > 16) {
    return undefined;
  }
  if (!("rawMessage" in error && typeof error.rawMessage === "string")) return undefined;
  if (!("details" in error && Array.isArray(error.details) && "metadata" in error && hasGet(error.metadata))) {
    return undefined;
  }
  const headers = error.metadata;
  const metadata = metadataFromText((key) => {
    const value = headers.get(key);
    return typeof value === "string" ? [value] : [];
  });
  const statusDetails = error.details.flatMap(connectDetail);
  return { code, details: error.rawMessage, metadata, statusDetails };
}

/** Those that came over the wire. One that was made here, to be sent, has a schema in place of a type. */
function connectDetail(detail: unknown): GrpcStatusDetail[] {
  if (typeof detail !== "object" || detail === null || !("type" in detail && "value" in detail)) return [];
  const { type, value } = detail;
  if (typeof type !== "string" || !(value instanceof Uint8Array)) return [];
  return [{ typeUrl: `type.googleapis.com/${type}`, value }];
}

/** protobuf-ts' RpcError, of its gRPC and gRPC-Web transports. Those of Twirp have codes in lower case. */
function fromProtobufTs(error: Coded): GrpcFailure | undefined {
  if (error.name !== "RpcError" || typeof error.code !== "string") return undefined;
  const code = grpcStatusCode(error.code);
  if (code === undefined || !("meta" in error && typeof error.meta === "object" && error.meta !== null)) {
    return undefined;
  }
  const meta = new Map<string, unknown>(Object.entries(error.meta));
  const metadata = metadataFromText((key) => [meta.get(key) ?? []].flat().filter((value) => typeof value === "string"));
  return { code, details: error.message, metadata };
}
