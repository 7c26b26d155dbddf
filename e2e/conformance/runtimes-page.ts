import type { Expectations, HostKind, Notice } from "./host-kind.ts";
import type { Check } from "./tested-host.ts";

/** The version of a runtime, or of what is between it and the application, by its name. */
export type Versions = Readonly<Record<string, string>>;

const none = "–";
const released = (notice: Notice | undefined): string => notice ?? none;

/** What the table says of a value, row by row. */
const rows: {
  readonly [Key in keyof Required<Expectations>]: readonly [title: string, show: (value: Expectations) => string];
} = {
  headLeaves: ["the head leaves", ({ headLeaves }) => headLeaves],
  onReset: ["the source is released when the client resets (RST)", ({ onReset }) => released(onReset)],
  onClose: ["… closes the connection (FIN)", ({ onClose }) => released(onClose)],
  onKill: ["… is killed", ({ onKill }) => released(onKill)],
  onHalfClose: ["… ends its half of the connection only", ({ onHalfClose }) => released(onHalfClose)],
  onStreamReset: ["… cancels the stream of HTTP/2 only", ({ onStreamReset }) => released(onStreamReset)],
  idleLimitMs: ["silence is cut after", ({ idleLimitMs }) => (idleLimitMs ? `${idleLimitMs / 1_000} s` : "none known")],
  holdsForSlowClient: ["sent ahead to a client that does not read", ({ holdsForSlowClient }) => holdsForSlowClient],
  abortsSignal: ["`request.signal` aborts", ({ abortsSignal }) => abortsSignal],
  addedHeaders: ["headers it adds", ({ addedHeaders }) => addedHeaders.map((name) => `\`${name}\``).join(" ")],
  complaint: ["prints to stderr though all is well", ({ complaint }) => (complaint ? "a notice" : none)],
};

/** The names of `rows`; `Object.keys` forgets what they are. */
const keys = Object.keys(rows) as (keyof Expectations)[];

/** `docs/runtimes.md`: what the suite holds the hosts to. */
export function runtimesPage(kinds: readonly HostKind[], checks: readonly Check[], versions: Versions): string {
  const notes: string[] = [];
  const note = (reason: string | undefined): string => {
    if (reason === undefined) return "";
    if (!notes.includes(reason)) notes.push(reason);
    return `[^${notes.indexOf(reason) + 1}]`;
  };
  const line = (title: string, cells: readonly string[]): string => `| ${[title, ...cells].join(" | ")} |`;
  const table = [
    line(
      "",
      kinds.map(({ name }) => name),
    ),
    line(
      "---",
      kinds.map(() => "---"),
    ),
    line(
      "runtime",
      kinds.map(({ runtimes }) => runtimesWithVersions(runtimes, versions)),
    ),
    line(
      "brings the Response to the wire",
      kinds.map(({ through }) => (through ? withVersion(through, versions) : "the host itself")),
    ),
    ...keys.map((key) => {
      const [title, show] = rows[key];
      return line(
        title,
        kinds.map(({ expected, reasons }) => show(expected) + note(reasons[key])),
      );
    }),
  ];
  const shared = checks.filter(({ about }) => about === undefined).map(({ name }) => `- ${name}`);
  return `# Runtimes

One application runs with the built packages on each of these, and one suite is run against it: what is here was seen, and
is a failing test when it changes. Made from [the suite](../e2e/conformance) by \`UPDATE_DOCS=1\`, see
[there](../e2e/README.md).

${table.join("\n")}

"At the next write": a silent stream writes a heartbeat when \`heartbeatMs\` have passed, so that is how late it may be.

${notes.map((reason, index) => `[^${index + 1}]: ${reason}`).join("\n")}

## The same everywhere

${shared.join("\n")}
`;
}

/** "Node 20, 22.23.3": each with its version, and the name of the first. */
export function runtimesWithVersions(names: readonly string[], versions: Versions): string {
  const [first = "", ...others] = names.map((name) => withVersion(name, versions));
  return [first, ...others.map((name) => name.replace(/^\S+ /, ""))].join(", ");
}

/** "Node 22" has its major version in its name already. */
export function withVersion(name: string, versions: Versions): string {
  const version = versions[name];
  return version === undefined ? name : `${name.replace(/ \d+$/, "")} ${version}`;
}
