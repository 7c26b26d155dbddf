/** Whether `value` has a method of this name. */
export function hasMethod<Name extends PropertyKey>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: never[]) => unknown> {
  const object: Record<PropertyKey, unknown> = Object(value);
  return typeof object[name] === "function";
}

/** Whether `value` is a promise, of whatever library. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value>;
export function isThenable(value: unknown): boolean {
  return hasMethod(value, "then");
}
