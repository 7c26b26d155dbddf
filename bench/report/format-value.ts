import type { Metric } from "../workload.ts";

/** Three digits that say something, and the unit. */
export function formatValue(value: number, { unit }: Pick<Metric, "unit">): string {
  const decimals = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(decimals)} ${unit}`;
}
