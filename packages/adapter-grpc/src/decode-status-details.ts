/*! The schemas of google.rpc in this file are Copyright Google LLC, licensed under the Apache License 2.0, http://www.apache.org/licenses/LICENSE-2.0 */
import { type DescMessage, fromBinary, type MessageJsonType, toJson } from "@bufbuild/protobuf";
import {
  type BadRequestJson,
  BadRequestSchema,
  type ErrorInfoJson,
  ErrorInfoSchema,
  type LocalizedMessageJson,
  LocalizedMessageSchema,
  type RetryInfoJson,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.ts";
import { toGrpcFailure } from "./grpc-failure.ts";
import { detailsOfType, type GrpcStatusDetail, readStatusDetails } from "./status-details.ts";
import { wrongType } from "./wrong-type.ts";

/** What {@link decodeStatusDetails} gives, as ProtoJSON; what a failure does not have is absent. */
export interface StatusDetails {
  /** The fields of the request that are wrong, each with a description written for its sender. */
  readonly badRequest?: BadRequestJson;
  /** Reason, domain and metadata, for programs. */
  readonly errorInfo?: ErrorInfoJson;
  /** When to come back. */
  readonly retryInfo?: RetryInfoJson;
  /** A text for the user, and its locale. */
  readonly localizedMessage?: LocalizedMessageJson;
}

/**
 * The standard details of a failed call (`google.rpc.BadRequest`, `ErrorInfo`, `RetryInfo`, `LocalizedMessage`) as plain
 * JSON, for the option `details` of `grpcStreamToSse`.
 *
 * Of several of a type the first that can be decoded. Anything else never appears: stack traces (`DebugInfo`), and types
 * that are not known here. What does appear was written by the server, so look at what yours puts into
 * `errorInfo.metadata` before a browser does.
 *
 * @param error - A `GrpcStreamError`, anything else with its `statusDetails`, or the error of a gRPC library as it was
 * thrown.
 * @returns An object with a key for each detail found; empty when there are none.
 * @throws {TypeError} When `error` is none of these.
 * @example
 * ```ts
 * import { credentials } from "@grpc/grpc-js";
 * import { grpcStreamToSse } from "@ssewire/adapter-grpc";
 * import { createGrpcClient } from "@ssewire/adapter-grpc/client";
 * import { decodeStatusDetails } from "@ssewire/adapter-grpc/protobuf";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const client = createGrpcClient(DocumentService, "localhost:50051", { credentials: credentials.createInsecure() });
 *
 * // event: error
 * // data: {"error":"…","status":"error","code":"INVALID_ARGUMENT","retryable":false,"details":{"fieldViolations":[…]}}
 * grpcStreamToSse(
 *   ({ signal }) => client.streamDocumentProgress({ documentId: "report" }, { signal }),
 *   ({ percent }) => ({ percent }),
 *   { details: (error) => decodeStatusDetails(error).badRequest },
 * );
 * ```
 * @see {@link https://google.aip.dev/193 | AIP-193, errors}
 */
export function decodeStatusDetails(
  error: Error | { readonly statusDetails: readonly GrpcStatusDetail[] },
): StatusDetails {
  const details = statusDetailsOf(error);
  const badRequest = decodeFirst(BadRequestSchema, details);
  const errorInfo = decodeFirst(ErrorInfoSchema, details);
  const retryInfo = decodeFirst(RetryInfoSchema, details);
  const localizedMessage = decodeFirst(LocalizedMessageSchema, details);
  return {
    ...(badRequest && { badRequest }),
    ...(errorInfo && { errorInfo }),
    ...(retryInfo && { retryInfo }),
    ...(localizedMessage && { localizedMessage }),
  };
}

function statusDetailsOf(error: unknown): readonly GrpcStatusDetail[] {
  if (typeof error === "object" && error !== null && "statusDetails" in error && Array.isArray(error.statusDetails)) {
    return error.statusDetails.filter(isDetail);
  }
  const failure = toGrpcFailure(error);
  if (failure === undefined) {
    throw wrongType("decode status details", "error", "a GrpcStreamError or the error of a gRPC library", error);
  }
  return failure.statusDetails ?? readStatusDetails(failure.metadata);
}

function isDetail(value: unknown): value is GrpcStatusDetail {
  if (typeof value !== "object" || value === null) return false;
  return (
    "typeUrl" in value && typeof value.typeUrl === "string" && "value" in value && value.value instanceof Uint8Array
  );
}

function decodeFirst<Schema extends DescMessage>(
  schema: Schema,
  details: readonly GrpcStatusDetail[],
): MessageJsonType<Schema> | undefined {
  for (const value of detailsOfType(details, schema.typeName)) {
    try {
      return toJson(schema, fromBinary(schema, value));
    } catch {
      // Malformed, or a duration out of range: as if it were not there.
    }
  }
  return undefined;
}
