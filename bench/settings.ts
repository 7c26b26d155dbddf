/** What the environment says. */
export interface Settings {
  readonly rounds: number;
  /** Names of the workloads to run; all when there are none. */
  readonly names: readonly string[];
  readonly isSmoke: boolean;
}

/**
 * Reads `ROUNDS`, `WORKLOAD` and `SMOKE`.
 *
 * @param known - Names of all workloads.
 * @throws {RangeError} When one of them is not what it may be.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, known: readonly string[]): Settings {
  const { ROUNDS: rounds, WORKLOAD: workload, SMOKE: smoke } = env;
  if (smoke !== undefined && smoke !== "1") throw new RangeError(`SMOKE must be 1 or unset, got "${smoke}"`);
  if (rounds !== undefined && !/^[1-9]\d{0,2}$/.test(rounds)) {
    throw new RangeError(`ROUNDS must be an integer from 1 to 999, got "${rounds}"`);
  }
  const names = workload === undefined ? [] : workload.split(",");
  for (const name of names) {
    if (!known.includes(name)) {
      throw new RangeError(`WORKLOAD must be some of ${known.join(",")}, separated by commas; got "${name}"`);
    }
  }
  const isSmoke = smoke === "1";
  return { rounds: Number(rounds ?? (isSmoke ? 1 : 5)), names, isSmoke };
}
