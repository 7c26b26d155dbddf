import { describe, expect, it } from "vitest";
import type { Entrant } from "./entrants.ts";
import { BEST_PEER, evaluateGoal } from "./goals.ts";

const entrant = (id: string, role: Entrant["role"]): Entrant => ({
  id,
  name: id,
  role,
  load: () => Promise.reject(new Error("Not needed")),
});
const entrants = [
  entrant("a", "limit"),
  entrant("b", "peer"),
  entrant("c", "peer"),
  entrant("d", "peer"),
  entrant("ours", "ssewire"),
];
const medians = new Map([
  ["a", 1],
  ["b", 9],
  ["c", 6],
  ["ours", 2],
]);

describe("evaluateGoal", () => {
  it("compares with the cheapest peer that was measured, not with a limit", () => {
    const result = evaluateGoal({ metric: "cpu", of: "ours", against: BEST_PEER, atLeast: 3 }, entrants, medians);
    expect(result).toMatchObject({ opponent: { id: "c" }, measured: 3, isMet: true });
  });

  it("is not met by less than the least", () => {
    const result = evaluateGoal({ metric: "cpu", of: "ours", against: BEST_PEER, atLeast: 3.1 }, entrants, medians);
    expect(result).toMatchObject({ measured: 3, isMet: false });
  });

  it.each([
    [2, true],
    [1.9, false],
  ])("compares with an entrant: at most %d times as much", (atMost, isMet) => {
    const result = evaluateGoal({ metric: "cpu", of: "ours", against: "a", atMost }, entrants, medians);
    expect(result).toMatchObject({ opponent: { id: "a" }, measured: 2, isMet });
  });

  it.each([
    [2, true],
    [1.9, false],
  ])("compares with a value: at most %d", (atMostValue, isMet) => {
    const result = evaluateGoal({ metric: "heap", of: "ours", atMostValue }, entrants, medians);
    expect(result).toMatchObject({ opponent: undefined, measured: 2, isMet });
  });

  it.each(["d", "e"])("refuses an entrant that was not measured: %s", (against) => {
    const goal = { metric: "cpu", of: "ours", against, atLeast: 1 };
    expect(() => evaluateGoal(goal, entrants, medians)).toThrow(new RegExp(`Cannot evaluate goal: .*"${against}"`));
  });
});
