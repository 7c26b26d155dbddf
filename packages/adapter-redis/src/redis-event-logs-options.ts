import { encodeEvent, type OverflowPolicy, serializeJson } from "@ssewire/core";
import { checkInteger, outOfRange, refuseUnknown, wrongType } from "./check-option.ts";
import type { RedisClient } from "./redis-client.ts";
import type { EntryFormat } from "./stream-entry.ts";

/** Options of {@link RedisEventLogs}. Checked when it is created. */
export interface RedisEventLogsOptions {
  /**
   * A client made by `createClient()` of `redis`, connected or not. Two connections like it are opened, one that sends
   * commands and one that waits for events; the client itself stays yours and unused.
   */
  client: RedisClient;
  /**
   * What names in Redis begin with, in braces: `{ssewire}:log:…`. Logs with different prefixes do not see each other; those
   * with the same are in one slot of a cluster. 1 to 256 characters, no braces.
   * @defaultValue `"ssewire"`
   */
  prefix?: string | undefined;
  /**
   * Event type of plain values. Not empty, no line breaks.
   * @defaultValue `"message"`
   */
  eventType?: string | undefined;
  /**
   * Turns data into text, once, in the process that appends.
   * @defaultValue JSON; BigInts become decimal strings, `undefined` becomes `null`
   */
  serialize?: { serialize(data: unknown): string }["serialize"] | undefined;
  /**
   * Turns that text into the `data` of the events that are read, for `coalesce` and for the `onEvent` hook of streams. What
   * is sent is the text.
   * @defaultValue `JSON.parse`; the text itself when `serialize` is given
   */
  parse?: ((text: string) => unknown) | undefined;
  /**
   * Events of a log that are kept, 1 to 1000000. Redis keeps up to about 100 more, as it lets go of whole blocks.
   * @defaultValue 1000
   */
  maxEvents?: number | undefined;
  /**
   * Milliseconds for which events are kept, 1 to 2147483647: about so long while others follow, and as long as a writer
   * leads. A log to which nothing was appended for so long, and that nobody leads, is gone.
   * @defaultValue 300000
   */
  maxAgeMs?: number | undefined;
  /**
   * Milliseconds, 300 to 3600000, for which a writer leads before it has to say again that it is there: as long may a log
   * be without a writer when its process dies.
   * @defaultValue 5000
   */
  leaseMs?: number | undefined;
  /**
   * Milliseconds, 1 to 2147483647, for which `append` and `end` go on trying while Redis is away.
   * @defaultValue 10000
   */
  appendTimeoutMs?: number | undefined;
  /**
   * Events of a log that may wait to be appended, >= 1; `append` rejects what comes on top at once.
   * @defaultValue 1000
   */
  maxPendingAppends?: number | undefined;
  /**
   * Events that may wait for a reader which has caught up, >= 1. One that has not reads from Redis as it goes.
   * @defaultValue 1000
   */
  maxPendingEvents?: number | undefined;
  /**
   * Bytes of them, >= 1. A single event may wait whatever its size.
   * @defaultValue 1048576
   */
  maxPendingBytes?: number | undefined;
  /**
   * What becomes of a reader for whom more waits.
   * @defaultValue `"close"`
   */
  overflow?: OverflowPolicy | undefined;
  /**
   * Told of events that a reader does not get, by `"drop-oldest"` or `coalesce`. What it throws, the reader fails with.
   * @defaultValue none
   */
  onDrop?: ((report: { readonly dropped: number }) => unknown) | undefined;
  /**
   * Told when a connection is lost or cannot be opened, once for each outage, and of what goes wrong where nobody waits
   * for it. What it throws or rejects with is printed and changes nothing.
   * @defaultValue prints with `console.error`, so that no failure is silent
   */
  onError?: ((error: unknown) => unknown) | undefined;
}

/** Checked options, every default filled in. */
export interface LogSettings {
  readonly client: RedisClient;
  readonly prefix: string;
  readonly format: EntryFormat;
  readonly maxEvents: number;
  readonly maxAgeMs: number;
  readonly leaseMs: number;
  readonly appendTimeoutMs: number;
  readonly maxPendingAppends: number;
  readonly maxPendingEvents: number;
  readonly maxPendingBytes: number;
  readonly overflow: OverflowPolicy;
  readonly onDrop: (report: { readonly dropped: number }) => unknown;
  readonly onError: (error: unknown) => void;
}

const TASK = "Cannot create RedisEventLogs";
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Each number: unit, default, least and most. */
const NUMBERS = {
  maxEvents: ["events", 1_000, 1, 1_000_000],
  maxAgeMs: ["ms", 300_000, 1, MAX_TIMER_MS],
  leaseMs: ["ms", 5_000, 300, 3_600_000],
  appendTimeoutMs: ["ms", 10_000, 1, MAX_TIMER_MS],
  maxPendingAppends: ["events", 1_000, 1, Number.MAX_SAFE_INTEGER],
  maxPendingEvents: ["events", 1_000, 1, Number.MAX_SAFE_INTEGER],
  maxPendingBytes: ["bytes", 1_048_576, 1, Number.MAX_SAFE_INTEGER],
} as const;

const FUNCTIONS = ["serialize", "parse", "onDrop", "onError"] as const;
const NAMES = [...Object.keys(NUMBERS), ...FUNCTIONS, "client", "prefix", "eventType", "overflow"];

/** Checks and completes `options`. */
export function resolveOptions(options: RedisEventLogsOptions): LogSettings {
  refuseUnknown(TASK, options, NAMES);
  const { client, prefix = "ssewire", eventType = "message", overflow = "close" } = options;
  const { serialize, parse, onDrop = () => undefined, onError = print } = options;
  if (typeof Object(client).duplicate !== "function" || typeof Object(client).sendCommand !== "function") {
    throw wrongType(TASK, "client", "a client made by createClient() of redis", client);
  }
  if (typeof prefix !== "string") throw wrongType(TASK, "prefix", "a string", prefix);
  if (!/^[^{}]{1,256}$/s.test(prefix)) throw outOfRange(TASK, "prefix", "1 to 256 characters without braces", prefix);
  if (typeof eventType !== "string") throw wrongType(TASK, "eventType", "a string", eventType);
  if (!isEventType(eventType)) throw outOfRange(TASK, "eventType", "not empty and without line breaks", eventType);
  for (const name of FUNCTIONS) {
    const value = options[name];
    if (value !== undefined && typeof value !== "function") throw wrongType(TASK, name, "a function", value);
  }
  if (overflow !== "close" && overflow !== "drop-oldest" && typeof Object(overflow).coalesce !== "function") {
    throw wrongType(TASK, "overflow", '"close", "drop-oldest" or an object with a function coalesce', overflow);
  }
  const number = (name: keyof typeof NUMBERS): number => {
    const [unit, otherwise, least, most] = NUMBERS[name];
    const value = options[name] ?? otherwise;
    checkInteger(TASK, name, value, unit, least, most);
    return value;
  };
  return {
    client,
    prefix,
    format: {
      eventType,
      serialize: serialize ?? serializeJson,
      parse: parse ?? (serialize ? (text) => text : parseJson),
    },
    maxEvents: number("maxEvents"),
    maxAgeMs: number("maxAgeMs"),
    leaseMs: number("leaseMs"),
    appendTimeoutMs: number("appendTimeoutMs"),
    maxPendingAppends: number("maxPendingAppends"),
    maxPendingEvents: number("maxPendingEvents"),
    maxPendingBytes: number("maxPendingBytes"),
    overflow,
    onDrop,
    onError: (error) => void tell(onError, error),
  };
}

function isEventType(text: string): boolean {
  try {
    return encodeEvent({ event: text }) !== "";
  } catch {
    return false;
  }
}

/** Text that is no JSON was appended where `serialize` is another: it is its own data then. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function tell(onError: (error: unknown) => unknown, error: unknown): Promise<void> {
  try {
    await onError(error);
  } catch (failure) {
    print(failure);
  }
}

function print(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: the last resort when nobody else listens; a failure must not be silent.
  console.error(error);
}
