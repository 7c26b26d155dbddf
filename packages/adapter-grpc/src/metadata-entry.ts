/** One value of metadata: bytes for keys that end in `-bin`, printable ASCII for the others. */
export type GrpcMetadataValue = string | Uint8Array;

/**
 * What belongs to the connection, to the HTTP message or to grpc-js. node:http2 throws on the first six: grpc-js 1.14 then
 * drops the connection, with all other calls on it, and tries again for ever, and so does the call. `host` and
 * `content-length` break the request at the server. grpc-js overwrites the rest without a word.
 */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "accept-encoding",
  "content-type",
  "te",
  "user-agent",
]);

/** Trace context and tags, which applications do pass on (so does Dapr). */
const UNRESERVED: ReadonlySet<string> = new Set(["grpc-trace-bin", "grpc-tags-bin"]);

/** node:http2 takes only one value of these, and throws like above; so does grpc-js for `authorization`. */
const SINGLE: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-location",
  "content-md5",
  "content-range",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "x-content-type-options",
]);

/** Why metadata cannot have this key, in lower case; `undefined` when it can. grpc-js itself lets `:` pass. */
export function keyProblem(key: string): string | undefined {
  if (RESERVED.has(key) || key.startsWith(":") || (key.startsWith("grpc-") && !UNRESERVED.has(key))) {
    return "is reserved for HTTP/2 and gRPC";
  }
  return /^[0-9a-z_.-]+$/.test(key) ? undefined : "is illegal, allowed are letters, digits, `_`, `-` and `.`";
}

/** Why metadata cannot have these values for this key; `undefined` when it can. Never quotes a value. */
export function valuesProblem(key: string, values: readonly unknown[]): string | undefined {
  if (values.length > 1 && SINGLE.has(key)) return "takes one value only";
  return values.map((value) => valueProblem(key, value)).find((problem) => problem !== undefined);
}

/** Whether the values of a key are bytes, which are sent as base64. */
export function isBinaryKey(key: string): boolean {
  return key.endsWith("-bin");
}

/** Spaces at the ends are no part of a header's value: Node's server drops the whole header, others the spaces. */
export function isAsciiValue(value: string): boolean {
  return /^[ -~]*$/.test(value) && value.trim() === value;
}

function valueProblem(key: string, value: unknown): string | undefined {
  if (isBinaryKey(key)) return value instanceof Uint8Array ? undefined : "takes a Uint8Array, as it ends in `-bin`";
  if (typeof value !== "string") return "takes a string, bytes only when it ends in `-bin`";
  return isAsciiValue(value) ? undefined : "takes printable ASCII without spaces at the ends";
}
