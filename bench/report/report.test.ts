import { describe, expect, it } from "vitest";
import type { Entrant } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import type { Workload } from "../workload.ts";
import { evaluate, median } from "../workload-result.ts";
import { barChart } from "./bar-chart.ts";
import { formatGoals } from "./format-goals.ts";
import { formatResults } from "./format-results.ts";
import { formatValue } from "./format-value.ts";
import { pageResults, replaceResults } from "./performance-page.ts";
import { readmeResults } from "./readme-table.ts";

const unused = (): Promise<never> => Promise.reject(new Error("Not needed"));
const entrant = (id: string, name: string, role: Entrant["role"]): Entrant => ({ id, name, role, load: unused });

const workload: Workload = {
  name: "demo",
  title: "A demonstration",
  description: "What is done.",
  metrics: [
    { key: "cpu", label: "CPU per event", unit: "µs" },
    { key: "heap", label: "heap", unit: "KiB" },
  ],
  entrants: [
    entrant("write", "by hand", "limit"),
    entrant("peer", "peer", "peer"),
    entrant("ssewire", "ours", "ssewire"),
  ],
  goals: [
    { metric: "cpu", of: "ssewire", against: BEST_PEER, atLeast: 3 },
    { metric: "cpu", of: "ssewire", against: "write", atMost: 1.1 },
    { metric: "heap", of: "ssewire", atMostValue: 0.5 },
  ],
  serve: unused,
  measure: unused,
};

const MACHINE = "Some CPU, 2 cores; medians of 5 rounds.";

const result = evaluate(
  workload,
  new Map([
    [
      "cpu",
      new Map([
        ["write", [1, 100, 2]],
        ["peer", [9, 6, 3]],
        ["ssewire", [3, 2, 4, 3]],
      ]),
    ],
    ["heap", new Map([["ssewire", [0.25]]])],
  ]),
  MACHINE,
);

describe("median", () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[10, 9], 9.5],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe("formatValue", () => {
  it.each([
    [0.4567, "0.46 µs"],
    [45.67, "45.7 µs"],
    [456.7, "457 µs"],
  ])("writes %d as %s", (value, text) => {
    expect(formatValue(value, { unit: "µs" })).toBe(text);
  });
});

describe("formatResults", () => {
  it("has the medians, and how many times ours they are", () => {
    expect(formatResults(result)).toBe(
      [
        "|         | CPU per event |    × |     heap |    × |",
        "| ------- | ------------: | ---: | -------: | ---: |",
        "| by hand |       2.00 µs | 0.67 |        - |      |",
        "| peer    |       6.00 µs | 2.00 |        - |      |",
        "| ours    |       3.00 µs | 1.00 | 0.25 KiB | 1.00 |",
      ].join("\n"),
    );
  });
});

describe("formatGoals", () => {
  it("says what was wanted, what was measured, and whether that is enough", () => {
    expect(formatGoals(result)).toBe(
      [
        "| goal                                   |     wanted | measured |             |",
        "| -------------------------------------- | ---------: | -------: | ----------- |",
        "| CPU per event: best peer (peer) ÷ ours |        ≥ 3 |     2.00 | **not met** |",
        "| CPU per event: ours ÷ by hand          |      ≤ 1.1 |     1.50 | **not met** |",
        "| ours: heap                             | ≤ 0.50 KiB | 0.25 KiB | met         |",
      ].join("\n"),
    );
  });
});

describe("barChart", () => {
  const chart = barChart("A & B", [
    {
      label: "CPU <µs>",
      bars: [
        { name: "by hand", role: "limit", value: 2, text: "2 µs" },
        { name: "ours", role: "ssewire", value: 1, text: "1 µs" },
        { name: "less than nothing", role: "peer", value: -1, text: "-1 µs" },
      ],
    },
  ]);

  it("has a bar for each, in proportion, and none shorter than can be seen", () => {
    const bars = [...chart.matchAll(/<rect class="(\w+)".*?width="([\d.]+)"/g)].map(([, role, width]) => [
      role,
      Number(width),
    ]);
    expect(bars).toEqual([
      ["limit", 400],
      ["ssewire", 200],
      ["peer", 1],
    ]);
  });

  it("has its texts escaped, and a title for those who cannot see it", () => {
    expect(chart).toContain("<title>A &amp; B</title>");
    expect(chart).toContain(">CPU &lt;µs&gt;</text>");
  });
});

describe("replaceResults", () => {
  const start = "<!-- What follows is written by `npx -y pnpm@12 bench`. -->";
  const end = "<!-- What was written by `npx -y pnpm@12 bench` ends here. -->";

  it("keeps what is around the markers", () => {
    expect(replaceResults(`before\n${start}\nold\n${end}\nafter`, "new")).toBe(
      `before\n${start}\n\nnew\n\n${end}\nafter`,
    );
  });

  it.each(["", start, end, `${end}${start}`])("refuses a page without them: %j", (page) => {
    expect(() => replaceResults(page, "new")).toThrow("docs/performance.md must hold the two markers");
    expect(() => replaceResults(page, "new", "README.md")).toThrow("README.md must hold the two markers");
  });
});

describe("pageResults", () => {
  it("has for each workload a chart, the machine and two tables", () => {
    const page = pageResults([result]);
    expect(page.split("\n\n").slice(0, 4)).toEqual([
      "### A demonstration",
      "What is done.",
      "![A demonstration](performance/demo.svg)",
      MACHINE,
    ]);
    expect(page).toContain(formatResults(result));
    expect(page).toContain(formatGoals(result));
  });
});

describe("readmeResults", () => {
  it("has a row for each workload: its first metric, by hand and of the best peer", () => {
    const slow = entrant("slow", "slow peer", "peer");
    const withPeers = { ...workload, title: "With peers", entrants: [slow, ...workload.entrants], goals: [] };
    const values: [string, number[]][] = [
      ["slow", [7]],
      ["peer", [6]],
      ["ssewire", [3]],
    ];
    const results = [result, evaluate(withPeers, new Map([["cpu", new Map(values)]]), MACHINE)];
    expect(readmeResults(results).split("\n")).toEqual([
      "| CPU time, less is better   | ssewire | node:http by hand |    × | best peer |    × | which |",
      "| -------------------------- | ------: | ----------------: | ---: | --------: | ---: | ----- |",
      "| A demonstration: per event | 3.00 µs |           2.00 µs | 0.67 |   6.00 µs | 2.00 | peer  |",
      "| With peers: per event      | 3.00 µs |                 - |      |   6.00 µs | 2.00 | peer  |",
      "",
      MACHINE,
      '"×" is how many times that of ssewire it is. The rest is in [Performance](docs/performance.md).',
    ]);
  });

  it("refuses a workload without a figure of ours", () => {
    expect(() => readmeResults([evaluate({ ...workload, goals: [] }, new Map(), MACHINE)])).toThrow(
      '"A demonstration" has no',
    );
  });
});
