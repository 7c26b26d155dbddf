/**
 * JSON text of a value, as core writes it: `undefined` is `null`, a BigInt is a decimal string.
 *
 * @throws {TypeError} When the value has no JSON form.
 */
export function serializeJson(value: unknown): string {
  const text: unknown = value === undefined ? "null" : stringify(value);
  if (typeof text === "string") return text;
  throw new TypeError(`Cannot append event: a ${typeof value} has no JSON form`);
}

function stringify(value: unknown): unknown {
  try {
    return JSON.stringify(value);
  } catch {
    // A replacer costs every value four times as much, so only what failed is tried with one; what fails for another
    // reason fails again.
    return JSON.stringify(value, (_, nested) => (typeof nested === "bigint" ? String(nested) : nested));
  }
}
