import type { Contestant } from "./contestant.ts";
import type { Entrant } from "./entrants.ts";
import type { Goal } from "./goals.ts";
import type { Command } from "./worker-process.ts";

/** A piece of work that several contestants do, each in its own way. */
export interface Workload {
  /** For `WORKLOAD`, and for the name of the chart. */
  readonly name: string;
  readonly title: string;
  /** What is done and how it is measured, in a paragraph for the page. */
  readonly description: string;
  readonly metrics: readonly Metric[];
  readonly entrants: readonly Entrant[];
  readonly goals: readonly Goal[];
  /** Starts what is there beforehand, in a process of its own. @returns what {@link Workload.serve} is told of it. */
  prepare?(): Promise<{ readonly address: string; close(): Promise<void> }>;
  /** In the process of a contestant: gets ready. */
  serve(contestant: Contestant, context: ServeContext): Promise<Served>;
  /** One round with one contestant, in the process that directs all others. */
  measure(round: Round): Promise<Outcome>;
}

/** The same workload with some of its entrants, and no goals, which are about all of them. */
export function selectEntrants(workload: Workload, ids: readonly string[]): Workload {
  return { ...workload, entrants: workload.entrants.filter(({ id }) => ids.includes(id)), goals: [] };
}

/** Something that is measured; less is better. */
export interface Metric {
  readonly key: string;
  /** Of a column, such as "CPU per event". */
  readonly label: string;
  readonly unit: string;
}

export interface ServeContext {
  readonly entrantId: string;
  /** Of what {@link Workload.prepare} has started. */
  readonly address: string;
  readonly isSmoke: boolean;
}

export interface Served {
  /** Where the client connects; nowhere, where there is none. */
  readonly port?: number;
  /** What the process does by command beside what all of them do; see `server-process.ts`. */
  readonly commands?: Readonly<Record<string, Command>>;
}

export interface Round {
  readonly entrantId: string;
  /** Whether this is only to see that it works: sizes are tiny. */
  readonly isSmoke: boolean;
  /** 0 where the contestant does not listen. */
  readonly port: number;
  /** Has the process of the contestant do something. */
  server(command: string, argument?: number): Promise<number>;
  /** Has the process of the clients do something; see `client-process.ts`. */
  readonly client: Client;
}

/** What the process of the clients does. */
export interface Client {
  /** Makes requests, reads what they are answered with to its end, and checks it. */
  read(plan: ReadPlan): Promise<Received>;
  /** Makes requests and holds them. @returns when all have their head. */
  hold(plan: HoldPlan): Promise<void>;
  /** Counts the events of what is held from 0, and parses them or not. */
  restart(parsed: boolean): Promise<void>;
  /** Waits until each held stream has so many events. */
  receive(events: number): Promise<Received>;
  /** @returns comments that all held streams have had together. */
  countComments(): Promise<number>;
  /** Closes what is held. */
  release(): Promise<void>;
}

export interface ReadPlan {
  readonly port: number;
  readonly streams: number;
  /** How many of them at a time. */
  readonly concurrency: number;
  /** How many events each has. */
  readonly events: number;
  /** Whether they are parsed, or only counted, and the last one parsed. */
  readonly parsed: boolean;
}

export interface HoldPlan {
  readonly port: number;
  readonly streams: number;
}

export interface Received {
  /** Of everything that was parsed, the same for all contestants if they delivered the same. */
  readonly digest: string;
  /** Milliseconds since the event was made, of events that say when that was: median and 99th percentile. */
  readonly latency: { readonly p50: number; readonly p99: number } | undefined;
}

export interface Outcome {
  /** By key of the metric; one that is missing is not for this entrant. */
  readonly figures: Readonly<Record<string, number>>;
  /** What was delivered; empty where nothing is compared. */
  readonly digest: string;
}
