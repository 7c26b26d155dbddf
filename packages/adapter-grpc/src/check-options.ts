import { wrongType } from "./wrong-type.ts";

/** Throws a `TypeError` unless `options` is an object with no other keys than `allowed`: a misspelt option does nothing. */
export function checkOptions(action: string, options: object, allowed: readonly string[], name = "options"): void {
  if (typeof options !== "object" || options === null) throw wrongType(action, name, "an object", options);
  const unknown = Object.keys(options).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    const path = name === "options" ? unknown : `${name}.${unknown}`;
    throw new TypeError(`Cannot ${action}: unknown option \`${path}\`, allowed are ${quoted(allowed)}`);
  }
}

/** Throws a `TypeError` unless `signal` is left out or an `AbortSignal`, of whichever realm. */
export function checkSignal(action: string, signal: unknown): void {
  if (signal === undefined) return;
  const isSignal =
    typeof signal === "object" && signal !== null && "aborted" in signal && typeof signal.aborted === "boolean";
  if (!isSignal) throw wrongType(action, "signal", "an AbortSignal", signal);
}

/** Throws a `TypeError` unless each of `options` is left out or a function. */
export function checkFunctions(action: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && typeof value !== "function") throw wrongType(action, name, "a function", value);
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
