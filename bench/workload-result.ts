import { evaluateGoal, type GoalResult, type Medians } from "./goals.ts";
import type { Measurements } from "./measure.ts";
import type { Workload } from "./workload.ts";

/** What a workload has come to. */
export interface WorkloadResult {
  readonly workload: Workload;
  /** By key of the metric. */
  readonly medians: ReadonlyMap<string, Medians>;
  readonly goals: readonly GoalResult[];
  /** On what it was measured. */
  readonly machine: string;
}

export function evaluate(workload: Workload, measurements: Measurements, machine: string): WorkloadResult {
  const medians = new Map<string, Medians>();
  for (const [key, byEntrant] of measurements) {
    medians.set(key, new Map([...byEntrant].map(([id, values]) => [id, median(values)])));
  }
  return toResult(workload, medians, machine);
}

/** @throws {RangeError} When somebody is missing whom a goal is about. */
export function toResult(workload: Workload, medians: ReadonlyMap<string, Medians>, machine: string): WorkloadResult {
  const goals = workload.goals.map((goal) =>
    evaluateGoal(goal, workload.entrants, medians.get(goal.metric) ?? new Map()),
  );
  return { workload, medians, goals, machine };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[(sorted.length - 1) >> 1] ?? Number.NaN)) / 2;
}
