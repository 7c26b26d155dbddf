import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.ts";

const choices = { names: ["idle", "paced"], entrantIds: ["write", "ssewire"] };

describe("readSettings", () => {
  it("runs everything five times", () => {
    expect(readSettings({}, choices)).toEqual({ rounds: 5, names: [], entrantIds: [], isSmoke: false });
  });

  it("runs everything once for a smoke test", () => {
    expect(readSettings({ SMOKE: "1" }, choices)).toEqual({ rounds: 1, names: [], entrantIds: [], isSmoke: true });
  });

  it("takes what it is told", () => {
    const settings = readSettings({ ROUNDS: "12", WORKLOAD: "paced,idle", CONTESTANT: "ssewire", SMOKE: "1" }, choices);
    expect(settings).toEqual({ rounds: 12, names: ["paced", "idle"], entrantIds: ["ssewire"], isSmoke: true });
  });

  it.each([
    [{ ROUNDS: "0" }, 'ROUNDS must be an integer from 1 to 999, got "0"'],
    [{ ROUNDS: "2.5" }, 'ROUNDS must be an integer from 1 to 999, got "2.5"'],
    [{ ROUNDS: "" }, 'ROUNDS must be an integer from 1 to 999, got ""'],
    [{ WORKLOAD: "paced,fast" }, 'WORKLOAD must be some of idle,paced, separated by commas; got "fast"'],
    [{ WORKLOAD: "" }, 'WORKLOAD must be some of idle,paced, separated by commas; got ""'],
    [{ CONTESTANT: "me" }, 'CONTESTANT must be some of write,ssewire, separated by commas; got "me"'],
    [{ SMOKE: "yes" }, 'SMOKE must be 1 or unset, got "yes"'],
  ])("refuses %j", (env, message) => {
    expect(() => readSettings(env, choices)).toThrow(new RangeError(message));
  });
});
