import { EntryCache } from "./entry-cache.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { type EntryFormat, type RawEntry, readEntry, START, type StreamEntry } from "./stream-entry.ts";

/** Entries in one page; one more than are new, as the first is the one the reader has. */
const PAGE_ENTRIES = 129;

/** Some entries of a stream in order. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[];
  /** Whether there was nothing behind them. */
  readonly isLast: boolean;
}

/** Reads history. Who asks for the same at the same time shares the answer; the entries are shared anyway. */
export class StreamPages {
  readonly #connection: RedisConnection;
  readonly #format: EntryFormat;
  readonly #cache: EntryCache = new EntryCache();
  readonly #underWay: Map<string, Promise<StreamPage>> = new Map();

  constructor(connection: RedisConnection, format: EntryFormat) {
    this.#connection = connection;
    this.#format = format;
  }

  /** Entries from `id` on, itself included. Waits while Redis is away. */
  read(stream: string, id: string): Promise<StreamPage> {
    const key = `${id} ${stream}`;
    const shared = this.#underWay.get(key);
    if (shared) return shared;
    const page = this.#read(stream, id).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, page);
    return page;
  }

  /** The last entry there is. */
  async readLast(stream: string): Promise<StreamEntry | undefined> {
    const [last] = await this.#send(["XREVRANGE", stream, "+", "-", "COUNT", "1"]);
    return last && this.decode(stream, last);
  }

  /** An entry as all readers here share it. */
  decode(stream: string, raw: RawEntry): StreamEntry {
    return this.#cache.get(stream, raw[0], () => readEntry(raw, this.#format));
  }

  clear(): void {
    this.#cache.clear();
  }

  async #read(stream: string, id: string): Promise<StreamPage> {
    const from = id === START ? "-" : id;
    const entries = await this.#send(["XRANGE", stream, from, "+", "COUNT", String(PAGE_ENTRIES)]);
    return { entries: entries.map((raw) => this.decode(stream, raw)), isLast: entries.length < PAGE_ENTRIES };
  }

  #send(command: readonly string[]): Promise<RawEntry[]> {
    const { closed } = this.#connection;
    // What XRANGE and XREVRANGE answer.
    return this.#connection.run(
      "Cannot read event log",
      (copy) => copy.sendCommand(command) as Promise<RawEntry[]>,
      closed,
    );
  }
}
