import { alignTable } from "../../bench/report/align-table.ts";
import type { HostKind } from "./host-kind.ts";
import { runtimesWithVersions, type Versions, withVersion } from "./runtimes-page.ts";

const START = "<!-- What follows is written by UPDATE_DOCS=1, see e2e/README.md. -->";
const END = "<!-- What was written by UPDATE_DOCS=1 ends here. -->";

const HEAD = ["", "runtime", "sent by", "the head leaves", "a client that closes is noticed", "silence is cut after"];

/** Hosts of one runtime that do not differ in what the table says. */
interface Row {
  readonly names: Set<string>;
  readonly runtimes: Set<string>;
  readonly cells: readonly string[];
}

/** What one wants to know first of `docs/runtimes.md`, for the README: a Markdown table. */
export function runtimesTable(kinds: readonly HostKind[], versions: Versions): string {
  const rows = new Map<string, Row>();
  for (const { name, runtimes, through, expected } of kinds) {
    const cells = [
      through ? withVersion(through, versions) : "the host itself",
      expected.headLeaves,
      expected.onClose,
      expected.idleLimitMs ? `${expected.idleLimitMs / 1_000} s` : "–",
    ];
    const key = [familyOf(runtimes), ...cells].join("|");
    const row = rows.get(key) ?? { names: new Set(), runtimes: new Set(), cells };
    rows.set(key, row);
    // "node:http2, TLS" and "node:http2, cleartext" are both node:http2.
    row.names.add(name.replace(/,.*/, ""));
    for (const runtime of runtimes) row.runtimes.add(runtime);
  }
  const body = [...rows.values()].map(({ names, runtimes, cells }) => [
    [...names].join(", "),
    runtimesWithVersions([...runtimes], versions),
    ...cells,
  ]);
  return alignTable([HEAD, ...body], new Set(HEAD.keys()));
}

/** "Node 22" is a Node. */
function familyOf([first = ""]: readonly string[]): string {
  return first.replace(/ .*/, "");
}

/**
 * Puts the table into the README, between its markers.
 *
 * @throws {Error} When the markers are not there.
 */
export function replaceRuntimesTable(readme: string, table: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error("README.md must hold the two markers of its table of runtimes");
  return `${readme.slice(0, start + START.length)}\n\n${table}\n\n${readme.slice(end)}`;
}
