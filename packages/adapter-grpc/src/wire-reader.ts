/** A field of a protobuf message: a varint as the unsigned 64 bits it holds, or what has a length as a copy of its bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/**
 * The fields of a protobuf message in the order of its bytes, `undefined` when the bytes are no message.
 *
 * Left out are fixed-width fields and groups, which none of the messages read here has. Every loop takes at least a byte,
 * and no length is trusted before it is compared with what is left.
 *
 * @see {@link https://protobuf.dev/programming-guides/encoding/ | Protocol Buffers, encoding}
 */
export function readFields(bytes: Uint8Array): readonly WireField[] | undefined {
  const fields: WireField[] = [];
  /** Numbers of the groups around the current field. */
  const groups: number[] = [];
  let position = 0;

  const readVarint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  /** Steps over that many bytes, if there are so many. */
  const skip = (length: bigint): boolean => {
    if (length > BigInt(bytes.length - position)) return false;
    position += Number(length);
    return true;
  };

  while (position < bytes.length) {
    const tag = readVarint();
    if (tag === undefined || tag > 0xffff_ffffn) return undefined;
    const number = Number(tag >> 3n);
    if (number === 0) return undefined;
    let value: bigint | Uint8Array | undefined;
    switch (Number(tag & 7n)) {
      case 0:
        value = readVarint();
        if (value === undefined) return undefined;
        break;
      case 1:
        if (!skip(8n)) return undefined;
        break;
      case 2: {
        const length = readVarint();
        const start = position;
        if (length === undefined || !skip(length)) return undefined;
        value = bytes.slice(start, position);
        break;
      }
      case 3:
        groups.push(number);
        break;
      case 4:
        if (groups.pop() !== number) return undefined;
        break;
      case 5:
        if (!skip(4n)) return undefined;
        break;
      default:
        return undefined;
    }
    if (value !== undefined && groups.length === 0) fields.push({ number, value });
  }
  return groups.length === 0 ? fields : undefined;
}

/** The text of a string field, `undefined` when it is not UTF-8. */
export function readText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The value of a field of bytes, text or a message; of several the last, and empty without any. */
export function lastBytes(fields: readonly WireField[] | undefined, number: number): Uint8Array {
  const value = fields?.findLast((field) => field.number === number && typeof field.value !== "bigint")?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** The value of a field of integers; of several the last, and 0 without any. */
export function lastVarint(fields: readonly WireField[], number: number): bigint {
  const value = fields.findLast((field) => field.number === number && typeof field.value === "bigint")?.value;
  return typeof value === "bigint" ? value : 0n;
}
