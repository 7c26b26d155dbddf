import { Metadata } from "@grpc/grpc-js";
import { type GrpcMetadataValue, keyProblem, valuesProblem } from "./metadata-entry.ts";
import { wrongType } from "./wrong-type.ts";

/**
 * Metadata of a call: grpc-js' own, or a plain object with a value or several per key. Keys are case-insensitive, and those
 * that end in `-bin` have bytes; `undefined` is left out.
 */
export type GrpcMetadataInit =
  | Metadata
  | Readonly<Record<string, GrpcMetadataValue | readonly GrpcMetadataValue[] | undefined>>;

/**
 * The metadata of a call, a new one: interceptors write into it.
 *
 * @param defaults - The client's. A key that the call gives, too, is replaced and not appended to: two values of
 * `authorization` fail.
 * @throws {TypeError} When a key or a value cannot be sent. grpc-js finds out only when the call is under way, or never.
 */
export function callMetadata(action: string, defaults?: GrpcMetadataInit, own?: GrpcMetadataInit): Metadata {
  const metadata = new Metadata({ ...metadataOptions(defaults), ...metadataOptions(own) });
  for (const [key, values] of new Map([...readMetadata(action, defaults), ...readMetadata(action, own)])) {
    for (const value of values) metadata.add(key, typeof value === "string" ? value : asBuffer(value));
  }
  return metadata;
}

/** What is wrong with metadata that comes from an interceptor; `undefined` when nothing is. */
export function metadataProblem(metadata: Metadata): string | undefined {
  return Object.entries(metadata.toJSON())
    .map(([key, values]) => entryProblem(key, values))
    .find((problem) => problem !== undefined);
}

function metadataOptions(metadata: GrpcMetadataInit | undefined): ReturnType<Metadata["getOptions"]> {
  return metadata instanceof Metadata ? metadata.getOptions() : {};
}

function readMetadata(action: string, metadata: GrpcMetadataInit | undefined): Map<string, GrpcMetadataValue[]> {
  const read = new Map<string, GrpcMetadataValue[]>();
  if (metadata === undefined) return read;
  if (!isMetadata(metadata)) {
    throw wrongType(action, "metadata", "a Metadata of @grpc/grpc-js or a plain object", metadata);
  }
  for (const [key, value] of Object.entries(metadata instanceof Metadata ? metadata.toJSON() : metadata)) {
    if (value === undefined) continue;
    const name = key.toLowerCase();
    const values = read.get(name) ?? [];
    read.set(name, values.concat(value));
  }
  for (const [key, values] of read) {
    const problem = entryProblem(key, values);
    if (problem !== undefined) throw new TypeError(`Cannot ${action}: ${problem}`);
  }
  return read;
}

function isMetadata(value: unknown): boolean {
  if (value instanceof Metadata) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function entryProblem(key: string, values: readonly unknown[]): string | undefined {
  const problem = keyProblem(key) ?? valuesProblem(key, values);
  return problem === undefined ? undefined : `\`metadata\` key \`${key}\` ${problem}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
