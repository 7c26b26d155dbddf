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
  // By its name, as it is asked of every value that is pulled: one that is looked up costs more.
  const object: { readonly then?: unknown } = Object(value);
  return typeof object.then === "function";
}
