/** A `TypeError` that names what is wrong and says what is allowed: "Cannot …: `name` must be …, got …". */
export function wrongType(action: string, name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${action}: \`${name}\` must be ${expected}, got ${typeName(value)}`);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}
