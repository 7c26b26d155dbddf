/** What the environment says. */
export interface Settings {
  readonly rounds: number;
  /** Names of the workloads to run; all when there are none. */
  readonly names: readonly string[];
  /** Ids of those who take part; all when there are none. */
  readonly entrantIds: readonly string[];
  readonly isSmoke: boolean;
}

/** What there is to choose from. */
export interface Choices {
  /** Names of all workloads. */
  readonly names: readonly string[];
  /** Ids of all who take part in one. */
  readonly entrantIds: readonly string[];
}

/**
 * Reads `ROUNDS`, `WORKLOAD`, `CONTESTANT` and `SMOKE`.
 *
 * @throws {RangeError} When one of them is not what it may be.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, choices: Choices): Settings {
  const { ROUNDS: rounds, WORKLOAD: workload, CONTESTANT: contestant, SMOKE: smoke } = env;
  if (smoke !== undefined && smoke !== "1") throw new RangeError(`SMOKE must be 1 or unset, got "${smoke}"`);
  if (rounds !== undefined && !/^[1-9]\d{0,2}$/.test(rounds)) {
    throw new RangeError(`ROUNDS must be an integer from 1 to 999, got "${rounds}"`);
  }
  const names = readChoice("WORKLOAD", workload, choices.names);
  const entrantIds = readChoice("CONTESTANT", contestant, choices.entrantIds);
  const isSmoke = smoke === "1";
  return { rounds: Number(rounds ?? (isSmoke ? 1 : 5)), names, entrantIds, isSmoke };
}

function readChoice(variable: string, value: string | undefined, known: readonly string[]): readonly string[] {
  const chosen = value === undefined ? [] : value.split(",");
  for (const each of chosen) {
    if (!known.includes(each)) {
      throw new RangeError(`${variable} must be some of ${known.join(",")}, separated by commas; got "${each}"`);
    }
  }
  return chosen;
}
