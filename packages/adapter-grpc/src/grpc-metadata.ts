/** The part of a grpc-js `Metadata` that errors are read for. */
export interface GrpcMetadata {
  /** All values of a key; a `Buffer` each when the key ends in `-bin`. */
  get(key: string): readonly (string | Uint8Array)[];
}

/** Whether `value` has the shape of a grpc-js `Metadata`; that of `Headers` and `Map` is the same. */
export function hasGet(value: unknown): value is { get(key: string): unknown } {
  return typeof value === "object" && value !== null && "get" in value && typeof value.get === "function";
}

/**
 * Metadata out of a library that leaves `-bin` values in base64.
 *
 * @param valuesOf - The values of a key in lower case, those of one that was sent several times perhaps as one, with
 * commas in between.
 */
export function metadataFromText(valuesOf: (key: string) => readonly string[]): GrpcMetadata {
  return {
    get(name) {
      const key = name.toLowerCase();
      const values = valuesOf(key);
      return key.endsWith("-bin") ? values.flatMap((value) => value.split(",")).flatMap(decodeBase64) : values;
    },
  };
}

/** The bytes of a value, with or without padding; none when it is not base64. */
function decodeBase64(value: string): Uint8Array[] {
  try {
    return [Uint8Array.from(atob(value), (char) => char.charCodeAt(0))];
  } catch {
    return [];
  }
}
