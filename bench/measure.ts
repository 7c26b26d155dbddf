import type { Entrant } from "./entrants.ts";
import { WorkerProcess } from "./worker-process.ts";
import type { Client, Workload } from "./workload.ts";

/** What was measured, a value for each round, by metric and entrant. */
export type Measurements = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

export interface MeasureOptions {
  readonly rounds: number;
  readonly isSmoke: boolean;
}

/**
 * Lets the entrants of a workload take turns, round after round, each time in a new process: what the machine does
 * meanwhile hits all alike, and so does the luck of the compiler.
 *
 * @throws When one fails, or delivers something else than the others.
 */
export async function measure(workload: Workload, { rounds, isSmoke }: MeasureOptions): Promise<Measurements> {
  const measurements = new Map(workload.metrics.map(({ key }) => [key, new Map<string, number[]>()]));
  const prepared = await workload.prepare?.();
  const clients = new WorkerProcess("client-process.js");
  const client: Client = {
    read: (plan) => clients.ask("read", plan),
    hold: (plan) => clients.ask("hold", plan),
    restart: (parsed) => clients.ask("restart", parsed),
    receive: (events) => clients.ask("receive", events),
    countComments: () => clients.ask("countComments"),
    release: () => clients.ask("release"),
  };
  let expected: { readonly name: string; readonly digest: string } | undefined;
  const measureOnce = async ({ id, name }: Entrant): Promise<void> => {
    const args = [workload.name, id, prepared?.address ?? "", isSmoke ? "smoke" : ""];
    const server = new WorkerProcess("server-process.js", args);
    try {
      const ask = (command: string, argument?: number): Promise<number> => server.ask(command, argument);
      const port = await ask("port");
      const { figures, digest } = await workload.measure({ entrantId: id, isSmoke, port, server: ask, client });
      for (const [key, value] of Object.entries(figures)) {
        const byEntrant = measurements.get(key);
        if (byEntrant === undefined) throw new RangeError(`There is no metric "${key}" in "${workload.name}"`);
        byEntrant.set(id, [...(byEntrant.get(id) ?? []), value]);
      }
      if (digest === "") return;
      expected ??= { name, digest };
      if (digest !== expected.digest) throw new Error(`"${name}" delivers something else than "${expected.name}"`);
    } catch (cause) {
      throw new Error(`"${name}" failed in "${workload.name}"`, { cause });
    } finally {
      await server.close();
    }
  };
  try {
    for (let round = 0; round < rounds; round++) {
      for (const entrant of workload.entrants) await measureOnce(entrant);
    }
  } finally {
    await clients.close();
    await prepared?.close();
  }
  return measurements;
}
