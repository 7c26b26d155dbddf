import { BEST_PEER, type GoalResult } from "../goals.ts";
import type { WorkloadResult } from "../workload-result.ts";
import { alignTable } from "./align-table.ts";
import { formatValue } from "./format-value.ts";

/** A Markdown table of the goals, what was measured, and whether they are met. */
export function formatGoals(result: WorkloadResult): string {
  const rows = result.goals.map((goal) => {
    const [what, wanted, measured] = describe(goal, result);
    return [what, wanted, measured, goal.isMet ? "met" : "**not met**"];
  });
  return alignTable([["goal", "wanted", "measured", ""], ...rows], new Set([0, 3]));
}

function describe({ goal, opponent, measured }: GoalResult, { workload }: WorkloadResult): [string, string, string] {
  const metric = workload.metrics.find(({ key }) => key === goal.metric);
  const own = workload.entrants.find(({ id }) => id === goal.of);
  if (metric === undefined || own === undefined) throw new RangeError(`"${workload.name}" has a goal about nothing`);
  const { label } = metric;
  if ("atMostValue" in goal) {
    return [`${own.name}: ${label}`, `≤ ${formatValue(goal.atMostValue, metric)}`, formatValue(measured, metric)];
  }
  const other = goal.against === BEST_PEER ? `best peer (${opponent?.name})` : opponent?.name;
  return "atLeast" in goal
    ? [`${label}: ${other} ÷ ${own.name}`, `≥ ${goal.atLeast}`, measured.toFixed(2)]
    : [`${label}: ${own.name} ÷ ${other}`, `≤ ${goal.atMost}`, measured.toFixed(2)];
}
