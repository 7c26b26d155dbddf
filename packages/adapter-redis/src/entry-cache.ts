import type { StreamEntry } from "./stream-entry.ts";

const MAX_ENTRIES = 4_096;
const MAX_BYTES = 8_388_608;

/** The entries of all streams that were read last, so that those who read them after others do not decode them again. */
export class EntryCache {
  readonly #entries: Map<string, StreamEntry> = new Map();
  #bytes = 0;

  /** The entry with this id, made by `decode` when it is not here. */
  get(stream: string, id: string, decode: () => StreamEntry): StreamEntry {
    const key = `${id} ${stream}`;
    const kept = this.#entries.get(key);
    if (kept) return kept;
    const entry = decode();
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#entries.size <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) break;
      this.#entries.delete(oldest);
      this.#bytes -= bytes;
    }
    return entry;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
