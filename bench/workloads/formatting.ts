import { limits, ours, peers, SSEWIRE } from "../entrants.ts";
import { BEST_PEER } from "../goals.ts";
import { progress } from "../ready-events.ts";
import type { Workload } from "../workload.ts";

const LONG_TEXT = "Recognising the text of page 7. ".repeat(320);
const MANY_LINES = "Recognising the text of page 7.\n".repeat(320);

/** How often each is done at a time, so that all take about the same. */
const TIMES: Readonly<Record<string, number>> = { short: 400_000, long: 30_000, lines: 6_000 };

const others = ["express", "stream-on-hono", "stream-on-srvx"];

export const formatting: Workload = {
  name: "formatting",
  title: "Formatting alone",
  description:
    "No server: an object of 75 bytes as JSON, one with a text of 10 KB without line breaks, and 10 KB of text in 320 lines, " +
    "which is not JSON and has to become as many `data` lines. The text is copied into a buffer, since what was only " +
    "concatenated is not one text yet. Where a library has no function for it, that is its " +
    "public method for sending, with the socket taken out. By hand, it is `JSON.stringify` and concatenation.",
  metrics: [
    { key: "short", label: "short object", unit: "ns" },
    { key: "long", label: "10 KB", unit: "ns" },
    { key: "lines", label: "10 KB of lines", unit: "ns" },
  ],
  entrants: [
    ...limits.slice(0, 1).map((entrant) => ({ ...entrant, name: "JSON.stringify and concatenation" })),
    ...peers.filter(({ id }) => !others.includes(id)),
    ...ours.slice(0, 1).map((entrant) => ({ ...entrant, name: "ssewire, encodeEvent" })),
  ],
  goals: [
    { metric: "short", of: SSEWIRE, against: "write", atLeast: 0.98 },
    { metric: "long", of: SSEWIRE, against: "write", atLeast: 0.85 },
    { metric: "short", of: SSEWIRE, against: BEST_PEER, atLeast: 1 },
    { metric: "long", of: SSEWIRE, against: BEST_PEER, atLeast: 1 },
    { metric: "lines", of: SSEWIRE, against: BEST_PEER, atLeast: 1 },
  ],
  async serve({ createFormatter }) {
    if (createFormatter === undefined) throw new Error("This contestant has no formatter");
    const { formatJson, formatText } = await createFormatter();
    const bytes = Buffer.alloc(64 * 1_024);
    const long = { ...progress(1), message: LONG_TEXT };
    const formats: Readonly<Record<string, ((index: number) => string | Promise<string>) | undefined>> = {
      short: (index) => formatJson(progress(index)),
      long: () => formatJson(long),
      lines: formatText && (() => formatText(MANY_LINES)),
    };
    const format = (key: string) => async (times: number) => {
      const once = formats[key];
      if (once === undefined) return 0;
      let length = 0;
      for (let index = 1; index <= times; index++) {
        const result = once(index);
        length += bytes.write(typeof result === "string" ? result : await result, "latin1");
      }
      if (length < times * 50) throw new Error(`Events of ${length / times} characters are too short`);
      return times;
    };
    return { commands: { short: format("short"), long: format("long"), lines: format("lines") } };
  },
  async measure({ isSmoke, server }) {
    const figures: Record<string, number> = {};
    for (const [key, times] of Object.entries(TIMES)) {
      const count = isSmoke ? 10 : times;
      await server(key, count);
      await server("startCpu");
      const done = await server(key, count);
      const cpuUs = await server("stopCpu");
      // Who cannot do it has no figure.
      if (done > 0) figures[key] = (cpuUs / done) * 1_000;
    }
    return { figures, digest: "" };
  },
};
