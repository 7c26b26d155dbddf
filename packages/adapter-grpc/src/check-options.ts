import { wrongType } from "./wrong-type.ts";

/** Throws a `TypeError` unless `options` is an object with no other keys than `allowed`: a misspelt option does nothing. */
export function checkOptions(action: string, options: object, allowed: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw wrongType(action, "options", "an object", options);
  const unknown = Object.keys(options).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot ${action}: unknown option \`${unknown}\`, allowed are ${quoted(allowed)}`);
  }
}

/** Throws a `TypeError` unless `signal` is left out or an `AbortSignal`, of whichever realm. */
export function checkSignal(action: string, signal: unknown): void {
  if (signal === undefined) return;
  const isSignal =
    typeof signal === "object" && signal !== null && "aborted" in signal && typeof signal.aborted === "boolean";
  if (!isSignal) throw wrongType(action, "signal", "an AbortSignal", signal);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
