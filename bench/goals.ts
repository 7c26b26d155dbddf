import type { Entrant } from "./entrants.ts";

/** How an entrant is to compare, in one metric. */
export type Goal = {
  readonly metric: string;
  /** Id of the entrant. */
  readonly of: string;
} & (
  | {
      /** Whom to compare with: the peer with the lowest value, or an entrant by its id. */
      readonly against: typeof BEST_PEER | (string & {});
      /** At least how many times as much the other one takes. */
      readonly atLeast: number;
    }
  | {
      readonly against: typeof BEST_PEER | (string & {});
      /** At most how many times as much as the other one it takes. */
      readonly atMost: number;
    }
  | {
      /** In the unit of the metric. */
      readonly atMostValue: number;
    }
);

export const BEST_PEER = "best peer";

/** A value of a metric by the entrant's id. */
export type Medians = ReadonlyMap<string, number>;

export interface GoalResult {
  readonly goal: Goal;
  /** With whom it was compared in the end. */
  readonly opponent: Entrant | undefined;
  readonly measured: number;
  readonly isMet: boolean;
}

/** @throws {RangeError} When an entrant of the goal was not measured. */
export function evaluateGoal(goal: Goal, entrants: readonly Entrant[], medians: Medians): GoalResult {
  const own = medianOf(goal.of, medians);
  if ("atMostValue" in goal) return { goal, opponent: undefined, measured: own, isMet: own <= goal.atMostValue };
  const opponent = findOpponent(goal.against, entrants, medians);
  const other = medianOf(opponent.id, medians);
  if ("atLeast" in goal) return { goal, opponent, measured: other / own, isMet: other / own >= goal.atLeast };
  return { goal, opponent, measured: own / other, isMet: own / other <= goal.atMost };
}

function findOpponent(against: string, entrants: readonly Entrant[], medians: Medians): Entrant {
  const candidates =
    against === BEST_PEER
      ? entrants.filter(({ id, role }) => role === "peer" && medians.has(id))
      : entrants.filter(({ id }) => id === against);
  const [first, ...others] = candidates;
  if (first === undefined) throw new RangeError(`Cannot evaluate goal: there is no entrant "${against}"`);
  return others.reduce((best, each) => (medianOf(each.id, medians) < medianOf(best.id, medians) ? each : best), first);
}

function medianOf(id: string, medians: Medians): number {
  const value = medians.get(id);
  if (value === undefined) throw new RangeError(`Cannot evaluate goal: "${id}" was not measured`);
  return value;
}
