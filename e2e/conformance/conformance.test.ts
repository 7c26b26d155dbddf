import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findOpenssl } from "../find-component.ts";
import { findRuntime } from "../runtimes/find-runtime.ts";
import { bundleHost } from "./bundle-host.ts";
import { checksFor } from "./checks/all-checks.ts";
import { hostKinds } from "./host-kinds.ts";
import { selfSigned } from "./self-signed.ts";
import { type HostProcess, startHost } from "./start-host.ts";

const openssl = findOpenssl();

const hosts = hostKinds.flatMap((kind) =>
  kind.runtimes.map((name) => ({ ...kind, name: `${kind.name} (${name})`, runtime: findRuntime(name) })),
);

describe.each(hosts)("$name", ({ entry, args = [], protocol, expected, runtime }) => {
  const missing = [runtime, ...(protocol === "h2" ? [openssl] : [])].find(({ path }) => path === undefined);

  describe.skipIf(missing)(missing?.note ?? runtime.note, () => {
    let host: HostProcess | undefined;

    beforeAll(async () => {
      const file = await bundleHost(entry);
      const variables = protocol === "h2" ? { CONFORMANCE_PEM: selfSigned(openssl.path ?? "") } : {};
      host = await startHost(runtime.path ?? "", [...runtime.args, file, ...args], variables);
    });

    afterAll(() => host?.stop());

    for (const { name, needs, run, timeoutMs = 30_000 } of checksFor({ protocol, expected })) {
      const title = needs ? `${name} (${needs.note})` : name;
      it.skipIf(needs && needs.path === undefined)(title, { timeout: timeoutMs }, () =>
        run({ origin: host?.origin ?? "", protocol, expected, patienceMs: 5_000 }),
      );
    }

    it("has nothing to complain of, but for what it always does", () => {
      const complaints = host?.complaints() ?? "";
      if (expected.complaint) expect(complaints).toMatch(expected.complaint);
      const lines = complaints.split("\n");
      expect(lines.filter((line) => line !== "" && !expected.complaint?.test(line))).toEqual([]);
    });
  });
});
