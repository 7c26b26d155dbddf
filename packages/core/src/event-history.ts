import type { SseEvent } from "./sse-event.ts";

/** An event that is kept. */
export interface KeptEvent {
  readonly event: SseEvent;
  /** Milliseconds since the epoch. */
  readonly appendedAt: number;
  /** Bytes of all events of the log up to this one: what lies between two is their difference. */
  readonly endBytes: number;
}

/** Bounds of an {@link EventHistory}. */
export interface HistoryBounds {
  readonly maxEvents: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** How many places of evicted events there may be before the array is made anew. */
const SLACK = 1_024;

/** The newest events of a log, by their number from 0. */
export class EventHistory {
  readonly #bounds: HistoryBounds;
  /** The places before `#head` are empty. */
  #kept: (KeptEvent | undefined)[] = [];
  #head = 0;
  /** Number of the event at index 0. */
  #base = 0;
  /** Bytes of all events, and of those that were evicted. */
  #endBytes = 0;
  #evictedBytes = 0;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  /** Number of the oldest event that is kept; that of the next one when there is none. */
  get first(): number {
    return this.#base + this.#head;
  }

  /** Number of the next event. */
  get next(): number {
    return this.#base + this.#kept.length;
  }

  /** The event with this number; `undefined` when it is not there. */
  at(sequence: number): KeptEvent | undefined {
    return this.#kept[sequence - this.#base];
  }

  /** Bytes of the events that are kept, from this number on. */
  bytesFrom(sequence: number): number {
    return this.#endBytes - (this.at(sequence - 1)?.endBytes ?? this.#evictedBytes);
  }

  append(event: SseEvent, bytes: number): void {
    this.#endBytes += bytes;
    this.#kept.push({ event, appendedAt: Date.now(), endBytes: this.#endBytes });
    this.evict();
  }

  /** Lets go of what is too old, or too much. */
  evict(): void {
    const { maxEvents, maxAgeMs, maxBytes } = this.#bounds;
    const oldest = Date.now() - maxAgeMs;
    for (let event = this.#kept[this.#head]; event !== undefined; event = this.#kept[this.#head]) {
      const events = this.#kept.length - this.#head;
      const isTooMuch = events > maxEvents || (events > 1 && this.#endBytes - this.#evictedBytes > maxBytes);
      if (!isTooMuch && event.appendedAt >= oldest) break;
      this.#evictedBytes = event.endBytes;
      this.#kept[this.#head++] = undefined;
    }
    if (this.#head < SLACK) return;
    this.#base += this.#head;
    this.#kept = this.#kept.slice(this.#head);
    this.#head = 0;
  }
}
