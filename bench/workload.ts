/** A piece of work that several contestants do, each in its own way. */
export interface Workload {
  /** For the command line of the process that does it. */
  readonly name: string;
  readonly title: string;
  /** What the CPU time is divided by. */
  readonly unit: string;
  /** By name; the first one is what the others are measured against. */
  readonly contestants: Readonly<Record<string, Contestant>>;
  /** Starts what is there beforehand, in a process of its own. @returns what contestants are told of it. */
  readonly prepare?: () => Promise<{ readonly address: string; close(): void }>;
}

/** Gets ready for the work, which is done twice: once to warm up, once to be measured. */
export type Contestant = (address: string) => Promise<{
  /** @returns how many units that were. */
  work(): Promise<number>;
  close(): void;
}>;
