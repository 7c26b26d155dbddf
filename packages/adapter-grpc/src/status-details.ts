import type { GrpcMetadata } from "./grpc-metadata.ts";
import { lastBytes, lastVarint, readFields, readText, type WireField } from "./wire-reader.ts";

/** A detail of a `google.rpc.Status`, as it came: a `google.protobuf.Any`. */
export interface GrpcStatusDetail {
  /** Name of the message type behind the last slash, such as `type.googleapis.com/google.rpc.RetryInfo`. */
  readonly typeUrl: string;
  /** The message in the binary format. */
  readonly value: Uint8Array;
}

/** A page that is told to wait for longer than a day is told nothing: nobody waits for it, and timers overflow. */
const MAX_RETRY_AFTER_MS = 86_400_000;

const MAX_NANOS = 999_999_999n;

/**
 * The details in the trailing metadata of a failed call, where `grpc-status-details-bin` is a `google.rpc.Status`. None of
 * a value that is malformed; of several values, one after the other.
 *
 * @see {@link https://grpc.io/docs/guides/error/#richer-error-model | gRPC, richer error model}
 */
export function readStatusDetails(metadata: GrpcMetadata | undefined): readonly GrpcStatusDetail[] {
  const values = statusValues(metadata);
  return values.flatMap((value) => (value instanceof Uint8Array ? (readStatus(value) ?? []) : []));
}

/** Whose metadata it is, is not known: it may throw, and give anything. */
function statusValues(metadata: GrpcMetadata | undefined): readonly unknown[] {
  try {
    const values: unknown = metadata?.get("grpc-status-details-bin");
    return Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}

function readStatus(bytes: Uint8Array): readonly GrpcStatusDetail[] | undefined {
  // A copy, or what is cut out of a Buffer would be one, too.
  const fields = readFields(new Uint8Array(bytes));
  const details: GrpcStatusDetail[] = [];
  for (const { number, value } of fields ?? []) {
    if (number !== 3 || typeof value === "bigint") continue;
    const detail = readAny(value);
    if (detail === undefined) return undefined;
    details.push(detail);
  }
  return details;
}

function readAny(bytes: Uint8Array): GrpcStatusDetail | undefined {
  const fields = readFields(bytes);
  const typeUrl = readText(lastBytes(fields, 1));
  return fields === undefined || typeUrl === undefined ? undefined : { typeUrl, value: lastBytes(fields, 2) };
}

/** The text of the first `google.rpc.LocalizedMessage` that has one. */
export function localizedText(details: readonly GrpcStatusDetail[]): string | undefined {
  return detailsOfType(details, "google.rpc.LocalizedMessage")
    .map((value) => readText(lastBytes(readFields(value), 2)))
    .find((text) => text !== undefined && text.trim() !== "");
}

/**
 * What the first `google.rpc.RetryInfo` says, `undefined` without one. Its delay is rounded up to whole milliseconds; one
 * that is negative, longer than a day or no proper `google.protobuf.Duration` counts as not given.
 */
export function retryInfo(
  details: readonly GrpcStatusDetail[],
): { readonly retryAfterMs: number | undefined } | undefined {
  for (const value of detailsOfType(details, "google.rpc.RetryInfo")) {
    const fields = readFields(value);
    if (fields === undefined) continue;
    // A message that is given in parts is the parts one after the other.
    const parts = fields.flatMap((field) =>
      field.number === 1 && typeof field.value !== "bigint" ? [field.value] : [],
    );
    const durations = parts.map(readFields);
    if (durations.includes(undefined)) continue;
    return { retryAfterMs: parts.length === 0 ? undefined : toMs(durations.flatMap((duration) => duration ?? [])) };
  }
  return undefined;
}

function toMs(duration: readonly WireField[]): number | undefined {
  const seconds = BigInt.asIntN(64, lastVarint(duration, 1));
  const nanos = BigInt.asIntN(32, lastVarint(duration, 2));
  if (seconds < 0n || nanos < 0n || nanos > MAX_NANOS) return undefined;
  const ms = seconds * 1000n + (nanos + 999_999n) / 1_000_000n;
  return ms <= MAX_RETRY_AFTER_MS ? Number(ms) : undefined;
}

/** The values of the details of a message type. */
export function detailsOfType(details: readonly GrpcStatusDetail[], typeName: string): Uint8Array[] {
  return details.flatMap(({ typeUrl, value }) =>
    typeUrl.slice(typeUrl.lastIndexOf("/") + 1) === typeName ? [value] : [],
  );
}
