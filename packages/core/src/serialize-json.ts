import { describeValue } from "./describe-value.ts";

/**
 * JSON text of a value, as streams have it without a `serialize` of their own: `undefined` is `null`, a BigInt is a decimal
 * string, as ProtoJSON writes 64-bit integers.
 *
 * @param value - Any value.
 * @returns One line.
 * @throws {TypeError} When the value has no JSON form: it is circular, a function or a symbol. What its `toJSON` throws.
 * @example
 * ```ts
 * import { serializeJson } from "@ssewire/core";
 *
 * serializeJson({ bytes: 9007199254740993n }); // '{"bytes":"9007199254740993"}'
 * ```
 */
export function serializeJson(value: unknown): string {
  const text = value === undefined ? "null" : stringify(value);
  if (text === undefined) throw new TypeError(`Cannot encode event: ${describeValue(value)} has no JSON form`);
  return text;
}

/** `JSON.stringify` as TypeScript does not type it: a function or a symbol gives `undefined`. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A replacer would cost every value four times as much, so only what failed is tried with one; what fails for
    // another reason fails again.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member));
  }
}
