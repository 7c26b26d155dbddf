import type { Check, TestedHost } from "../tested-host.ts";
import { backpressure } from "./backpressure.ts";
import { delivery } from "./delivery.ts";
import { leaving } from "./leaving.ts";
import { manyStreams } from "./many-streams.ts";
import { requests } from "./requests.ts";

/** The suite, in an order in which it can run on one host: the last of them drains it. */
export const allChecks: readonly Check[] = [...delivery, ...leaving, ...backpressure, ...requests, ...manyStreams];

/** Those that say something about such a host. */
export function checksFor({ protocol, expected }: Pick<TestedHost, "protocol" | "expected">): readonly Check[] {
  return allChecks.filter(
    ({ about, protocols }) =>
      (about === undefined || expected[about] !== undefined) && (protocols?.includes(protocol) ?? true),
  );
}
