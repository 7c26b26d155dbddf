/** Throws for anything in `options` that is not in `known`: a misspelt option would otherwise be ignored in silence. */
export function refuseUnknown(task: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw wrongType(task, "options", "an object", options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const allowed = known.map((name) => `\`${name}\``).join(", ");
  throw new TypeError(`${task}: unknown option \`${unknown}\`, allowed are ${allowed}`);
}

/** The error for an option of the wrong type: "Cannot …: `name` must be …, got …". */
export function wrongType(task: string, name: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${task}: \`${name}\` must be ${allowed}, got ${value === null ? "null" : typeof value}`);
}

/** The error for an option of the right type whose value is not among those allowed. */
export function outOfRange(task: string, name: string, allowed: string, value: unknown): RangeError {
  const got = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new RangeError(`${task}: \`${name}\` must be ${allowed}, got ${got}`);
}

/** Throws unless `value` is an integer within bounds. */
export function checkInteger(
  task: string,
  name: string,
  value: unknown,
  unit: string,
  least: number,
  most: number,
): void {
  const allowed = `an integer from ${least} to ${most} (${unit})`;
  if (typeof value !== "number") throw wrongType(task, name, allowed, value);
  if (!Number.isInteger(value) || value < least || value > most) throw outOfRange(task, name, allowed, value);
}
