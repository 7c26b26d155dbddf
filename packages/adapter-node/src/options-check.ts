/** Throws for anything in `options` that is not in `known`: a misspelt option would otherwise be ignored in silence. */
export function refuseUnknown(task: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw wrongType(task, "options", "an object", options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const allowed = known.map((name) => `\`${name}\``).join(", ");
    throw new TypeError(`${task}: unknown option \`${unknown}\`, allowed are ${allowed}`);
  }
}

/** The error for an option of the wrong type: "Cannot …: `name` must be …, got …". */
export function wrongType(task: string, name: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${task}: \`${name}\` must be ${allowed}, got ${typeName(value)}`);
}

/** The error for an option of the right type whose value is not among those allowed. */
export function outOfRange(task: string, name: string, allowed: string, value: unknown): RangeError {
  return new RangeError(`${task}: \`${name}\` must be ${allowed}, got ${describe(value)}`);
}

/** What a timer of Node can hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Throws unless `value` is a delay that a timer of Node can hold; `orElse` says what is allowed besides. */
export function checkDelay(task: string, name: string, value: unknown, orElse = ""): void {
  const allowed = `an integer from 1 to ${MAX_TIMER_MS} (ms)${orElse}`;
  if (typeof value !== "number") throw wrongType(task, name, allowed, value);
  if (!Number.isInteger(value) || value < 1 || value > MAX_TIMER_MS) throw outOfRange(task, name, allowed, value);
}

/** The type of a value, as an error message names it. */
function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}

function describe(value: unknown): string {
  return typeof value === "string" || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
