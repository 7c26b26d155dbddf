/** Whether `value` has a method of this name. */
export function hasMethod<Name extends PropertyKey>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: never[]) => unknown> {
  const object: Record<PropertyKey, unknown> = Object(value);
  return typeof object[name] === "function";
}

/** A promise, or what answers like one but in the very turn, to the one who asks. */
export interface Later<Value> {
  then(onValue: (value: Value) => void, onError: (error: unknown) => void): unknown;
}

/** Whether `value` is a promise, of whatever library, or comes later all the same. */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value>;
export function isThenable<Value>(value: Value | Later<Value>): value is Later<Value>;
export function isThenable(value: unknown): boolean {
  return hasMethod(value, "then");
}
