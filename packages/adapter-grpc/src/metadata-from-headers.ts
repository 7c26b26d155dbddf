import { Metadata } from "@grpc/grpc-js";
import { GrpcStreamError } from "./grpc-stream-error.ts";
import { isAsciiValue, isBinaryKey, keyProblem } from "./metadata-entry.ts";
import { wrongType } from "./wrong-type.ts";

const ACTION = "make metadata from headers";
const INVALID_ARGUMENT = 3;

/**
 * Metadata for a call made on behalf of an HTTP request: the headers that are listed, nothing else.
 *
 * Think before listing `cookie` or `authorization`: they were meant for this server, and the gRPC server, everything on
 * the way to it and its logs get to see them. A header that the request does not have is left out. The values of one that
 * came more than once are joined by `", "`, as `Headers` has it; those of a name that ends in `-bin` are decoded from
 * base64, into a `Buffer` each.
 *
 * @param headers - Headers of a `Request`.
 * @param allowList - Names to copy, in any case. One that gRPC or HTTP/2 reserves (`host`, `content-type`, `connection`,
 * `user-agent`, `grpc-timeout` and so on) is refused whether the request has it or not.
 * @returns New metadata, for the `metadata` option of a call.
 * @throws {TypeError} When an argument is of the wrong type, or a listed name cannot be forwarded.
 * @throws {GrpcStreamError} With INVALID_ARGUMENT, HTTP status 400, when a value is not printable ASCII, or not base64
 * where it has to be. The message names the header and does not show the value.
 * @example
 * ```ts
 * import { credentials } from "@grpc/grpc-js";
 * import { grpcStreamToSse } from "@ssewire/adapter-grpc";
 * import { createGrpcClient, metadataFromHeaders } from "@ssewire/adapter-grpc/client";
 * import { SSEManager } from "@ssewire/core";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const client = createGrpcClient(DocumentService, "localhost:50051", { credentials: credentials.createInsecure() });
 *
 * // A header that cannot be forwarded is answered with 400.
 * export const GET = (request: Request): Promise<Response> =>
 *   SSEManager.openResponse(
 *     grpcStreamToSse(
 *       ({ signal }) => {
 *         const metadata = metadataFromHeaders(request.headers, ["traceparent", "x-tenant"]);
 *         return client.streamDocumentProgress({ documentId: "report" }, { signal, metadata });
 *       },
 *       ({ percent }) => ({ percent }),
 *     ),
 *     { request },
 *   );
 * ```
 * @see {@link https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md | gRPC over HTTP/2, Custom-Metadata}
 */
export function metadataFromHeaders(headers: Pick<Headers, "get">, allowList: readonly string[]): Metadata {
  if (typeof headers !== "object" || headers === null || !("get" in headers) || typeof headers.get !== "function") {
    throw wrongType(ACTION, "headers", "Headers", headers);
  }
  if (!Array.isArray(allowList)) throw wrongType(ACTION, "allowList", "an array of strings", allowList);
  const metadata = new Metadata();
  for (const key of new Set(allowList.map(checkedKey))) {
    const value = headers.get(key);
    if (typeof value !== "string") continue;
    if (isBinaryKey(key)) {
      for (const part of value.split(",")) metadata.add(key, decodeBase64(key, part.trim()));
    } else {
      if (!isAsciiValue(value)) throw badHeader(key, "is not printable ASCII");
      metadata.set(key, value);
    }
  }
  return metadata;
}

function checkedKey(name: unknown): string {
  if (typeof name !== "string") throw wrongType(ACTION, "allowList", "an array of strings", name);
  const key = name.toLowerCase();
  const problem = keyProblem(key);
  if (problem !== undefined) throw new TypeError(`Cannot ${ACTION}: \`${name}\` in \`allowList\` ${problem}`);
  return key;
}

/** gRPC sends it with or without padding. `Buffer.from` skips what is none, so that others would read other bytes. */
function decodeBase64(key: string, text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw badHeader(key, "is not base64");
  return Buffer.from(text, "base64");
}

function badHeader(key: string, problem: string): GrpcStreamError {
  return new GrpcStreamError({ code: INVALID_ARGUMENT, details: `Header \`${key}\` ${problem}` });
}
