import { OverflowError, type OverflowPolicy, type SseEvent } from "@ssewire/core";
import type { LogSettings } from "./redis-event-logs-options.ts";
import type { StreamEntry } from "./stream-entry.ts";

/**
 * What waits for one reader, within bounds, and how its waiting ends.
 *
 * `isDetached` says that nothing more comes in by itself: it never has, or something is missing after `lastId`. The reader
 * then takes what is here and reads on from Redis.
 */
export class ReaderQueue {
  readonly #settings: Pick<LogSettings, "maxPendingEvents" | "maxPendingBytes" | "overflow" | "onDrop">;
  #entries: StreamEntry[] = [];
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;
  #woken: Promise<void> | undefined;
  /** Id of the last entry that came in; those up to it are not taken again. */
  lastId = "";
  isDetached = true;
  /** Whether the reader has left. */
  isStopped = false;

  constructor(settings: Pick<LogSettings, "maxPendingEvents" | "maxPendingBytes" | "overflow" | "onDrop">) {
    this.#settings = settings;
  }

  /** From now on what follows `id` comes in. */
  attach(id: string): void {
    this.lastId = id;
    this.isDetached = false;
  }

  push(entry: StreamEntry): void {
    if (entry.id <= this.lastId || this.#failure || this.isStopped) return;
    this.lastId = entry.id;
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    if (this.#isTooMuch()) this.#shorten();
    this.#signal();
  }

  /** @throws What the reader shall end with. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** @throws What the reader shall end with. */
  shift(): StreamEntry | undefined {
    this.throwIfFailed();
    const entry = this.#entries.shift();
    if (entry) this.#bytes -= entry.bytes;
    return entry;
  }

  /** Settles when something has happened since it was called. */
  wait(): Promise<void> {
    this.#woken ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#woken;
  }

  detach(): void {
    this.isDetached = true;
    this.#signal();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#entries = [];
    this.#signal();
  }

  stop(): void {
    this.isStopped = true;
    this.#entries = [];
    this.#signal();
  }

  #signal(): void {
    this.#woken = undefined;
    this.#wake();
  }

  #isTooMuch(): boolean {
    const { maxPendingEvents, maxPendingBytes } = this.#settings;
    if (this.#entries.length <= 1) return false;
    return this.#entries.length > maxPendingEvents || this.#bytes > maxPendingBytes;
  }

  #shorten(): void {
    const { overflow } = this.#settings;
    const before = this.#entries.length;
    try {
      if (overflow === "drop-oldest") this.#dropOldest();
      else if (overflow !== "close") this.#coalesce(overflow);
      const dropped = before - this.#entries.length;
      if (dropped > 0) this.#settings.onDrop({ dropped });
      if (this.#isTooMuch()) this.fail(new OverflowError(this.#entries.length));
    } catch (error) {
      this.fail(error);
    }
  }

  #dropOldest(): void {
    while (this.#isTooMuch()) this.#bytes -= this.#entries.shift()?.bytes ?? 0;
  }

  /** Keeps the last with each key, and an end. */
  #coalesce({ coalesce }: Exclude<OverflowPolicy, string>): void {
    const keys = new Set<string>();
    const isKept = (event: SseEvent | undefined): boolean => {
      if (event === undefined) return true;
      const key = coalesce(event);
      return !keys.has(key) && keys.add(key) !== undefined;
    };
    this.#entries = this.#entries
      .reverse()
      .filter(({ event }) => isKept(event))
      .reverse();
    this.#bytes = this.#entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
