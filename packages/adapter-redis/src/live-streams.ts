import { setTimeout as delay } from "node:timers/promises";
import type { ReaderQueue } from "./reader-queue.ts";
import type { RedisClientCopy } from "./redis-client.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { LogSettings } from "./redis-event-logs-options.ts";
import { isPassing } from "./server-reply.ts";
import { type RawEntry, START } from "./stream-entry.ts";
import type { StreamPages } from "./stream-pages.ts";

/** For how long the server may keep silent. */
const BLOCK_MS = 5_000;
/** Entries of one stream in one answer. */
const MAX_ENTRIES = 256;
/** What readers get in one turn of the event loop at most; a larger entry comes alone. */
const MAX_PORTION_ENTRIES = 64;
const MAX_PORTION_BYTES = 65_536;
/** How long the stream that wakes us outlives us. */
const WAKE_TTL_MS = 60_000;
const RETRY_MS = 1_000;

/** A stream somebody reads. */
interface LiveStream {
  /** Id of the last entry that went to the readers. */
  cursor: string;
  readonly queues: Set<ReaderQueue>;
}

/**
 * What comes in, for all readers of this process: one connection, in one blocking XREAD of all streams that have readers.
 *
 * A stream that gets its first reader must not wait for that command to end: an entry in a stream of our own, which is read
 * along, ends it. (CLIENT UNBLOCK would be lost when it comes between two commands.)
 *
 * Whenever continuity is in doubt, as with a connection that was lost or an entry that does not follow the last one, the
 * readers are detached: they read on from Redis after what they have, and see for themselves whether something is missing.
 */
export class LiveStreams {
  readonly #blocking: RedisConnection;
  readonly #commands: RedisConnection;
  readonly #pages: StreamPages;
  readonly #wakeKey: string;
  readonly #onError: (error: unknown) => void;
  readonly #portion: { readonly entries: number; readonly bytes: number };
  readonly #streams: Map<string, LiveStream> = new Map();
  #wakeCursor = START;
  #isRunning = false;
  /** Whether a command is under way that does not know of a new stream, and nothing is under way to end it. */
  #isBlocked = false;
  #epoch = 0;

  constructor(parts: {
    readonly blocking: RedisConnection;
    readonly commands: RedisConnection;
    readonly pages: StreamPages;
    readonly wakeKey: string;
    readonly settings: LogSettings;
  }) {
    this.#blocking = parts.blocking;
    this.#commands = parts.commands;
    this.#pages = parts.pages;
    this.#wakeKey = parts.wakeKey;
    const { onError, maxPendingEvents, maxPendingBytes } = parts.settings;
    this.#onError = onError;
    this.#portion = {
      entries: Math.min(MAX_PORTION_ENTRIES, Math.ceil(maxPendingEvents / 2)),
      bytes: Math.min(MAX_PORTION_BYTES, maxPendingBytes / 2),
    };
  }

  /**
   * Lets a reader that has everything up to `id` have what follows.
   *
   * @returns `false` when others have later entries already: it has to read these first.
   */
  attach(name: string, id: string, queue: ReaderQueue): boolean {
    const stream = this.#streams.get(name);
    if (stream === undefined) {
      this.#streams.set(name, { cursor: id, queues: new Set([queue]) });
      this.#include();
    } else if (stream.cursor <= id) stream.queues.add(queue);
    else return false;
    queue.attach(id);
    return true;
  }

  detach(name: string, queue: ReaderQueue): void {
    const stream = this.#streams.get(name);
    if (stream?.queues.delete(queue) && stream.queues.size === 0) this.#streams.delete(name);
  }

  /** The running command has to know of a new stream. */
  #include(): void {
    if (!this.#isRunning) void this.#run();
    else if (this.#isBlocked) {
      this.#isBlocked = false;
      void this.#wake();
    }
  }

  async #wake(): Promise<void> {
    try {
      const copy = await this.#commands.ready();
      await Promise.all([
        copy.sendCommand(["XADD", this.#wakeKey, "MAXLEN", "1", "*", "w", ""]),
        copy.sendCommand(["PEXPIRE", this.#wakeKey, String(WAKE_TTL_MS)]),
      ]);
    } catch (error) {
      // The reading goes on by itself after BLOCK_MS.
      if (!isPassing(error)) this.#onError(error);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Those who come in one turn are read together.
    await Promise.resolve();
    const { closed } = this.#blocking;
    while (this.#streams.size > 0 && !closed.aborted) {
      try {
        const copy = await this.#blocking.ready();
        if (this.#epoch !== this.#blocking.epoch) this.#reconnected();
        if (this.#streams.size > 0) await this.#deliver(await this.#read(copy));
      } catch (error) {
        if (closed.aborted) break;
        this.#detachAll();
        if (!isPassing(error)) {
          this.#onError(error);
          await delay(RETRY_MS, undefined, { signal: closed, ref: false }).catch(() => undefined);
        }
      }
    }
    this.#isRunning = false;
  }

  /** The server may have lost what it had, or be another one. */
  #reconnected(): void {
    if (this.#epoch > 0) this.#detachAll();
    this.#epoch = this.#blocking.epoch;
    this.#wakeCursor = START;
  }

  async #read(copy: RedisClientCopy): Promise<[string, RawEntry[]][]> {
    const names = [...this.#streams.keys()];
    const cursors = Array.from(this.#streams.values(), ({ cursor }) => cursor);
    const options = ["COUNT", String(MAX_ENTRIES), "BLOCK", String(BLOCK_MS)];
    this.#isBlocked = true;
    try {
      const reply = await copy.sendCommand([
        "XREAD",
        ...options,
        "STREAMS",
        this.#wakeKey,
        ...names,
        this.#wakeCursor,
        ...cursors,
      ]);
      // What XREAD answers: a list with protocol 2, a map with protocol 3, nothing after BLOCK_MS.
      const found = (reply ?? []) as [string, RawEntry[]][] | Record<string, RawEntry[]>;
      return Array.isArray(found) ? found : Object.entries(found);
    } finally {
      this.#isBlocked = false;
    }
  }

  async #deliver(found: readonly [string, RawEntry[]][]): Promise<void> {
    for (const [name, entries] of found) {
      if (name === this.#wakeKey) this.#wakeCursor = entries.at(-1)?.[0] ?? this.#wakeCursor;
      else await this.#deliverEntries(name, entries);
    }
  }

  /** In portions: a reader that takes what it can get must not overflow because much came at once. */
  async #deliverEntries(name: string, entries: readonly RawEntry[]): Promise<void> {
    let bytes = 0;
    let count = 0;
    for (const raw of entries) {
      if (bytes > this.#portion.bytes || count >= this.#portion.entries) {
        await new Promise(setImmediate);
        bytes = 0;
        count = 0;
      }
      const stream = this.#streams.get(name);
      // Nobody reads it any more, or those who do have it.
      if (stream === undefined || raw[0] <= stream.cursor) continue;
      const entry = this.#pages.decode(name, raw);
      if (entry.previous !== stream.cursor) {
        this.#detachReaders(name, stream);
        continue;
      }
      stream.cursor = entry.id;
      for (const queue of stream.queues) queue.push(entry);
      bytes += entry.bytes;
      count++;
    }
  }

  #detachAll(): void {
    for (const [name, stream] of this.#streams) this.#detachReaders(name, stream);
  }

  #detachReaders(name: string, { queues }: LiveStream): void {
    this.#streams.delete(name);
    for (const queue of queues) queue.detach();
  }
}
