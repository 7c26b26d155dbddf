export interface Collected<Value> {
  readonly values: Value[];
  /** What the iteration failed with, `undefined` when it ended. */
  readonly error: unknown;
}

/** Iterates to the end or the failure, `afterEach` value waiting for whatever it takes. */
export async function collect<Value>(
  values: AsyncIterable<Value>,
  afterEach: () => unknown = () => undefined,
): Promise<Collected<Value>> {
  const collected: Value[] = [];
  try {
    for await (const value of values) {
      collected.push(value);
      await afterEach();
    }
  } catch (error) {
    return { values: collected, error };
  }
  return { values: collected, error: undefined };
}
