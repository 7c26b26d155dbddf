import {
  callback,
  delay,
  delayOrFalse,
  flag,
  integer,
  oneLine,
  type Rules,
  text,
  withoutUndefined,
} from "./check-options.ts";
import { HEARTBEAT_COMMENT } from "./comment-frames.ts";
import { encodeEvent } from "./encode-event.ts";
import { formatError } from "./error-data.ts";
import { hasMethod } from "./has-method.ts";
import { serializeJson } from "./serialize-json.ts";
import { isSseEvent, type SseEvent } from "./sse-event.ts";

/**
 * Why an event stream ended:
 *
 * - `completed`: the source was through.
 * - `failed`: the source, or the encoding of a value, threw; `error` says what.
 * - `cancelled`: the reader cancelled or disconnected.
 * - `aborted`: the `signal` of the options was aborted.
 * - `stalled`: the reader took nothing for `stallTimeoutMs`.
 * - `expired`: the stream reached its `maxAgeMs`.
 * - `drained`: the manager was drained.
 * - `overflow`: the reader fell too far behind the event log it reads; `error` is an `OverflowError`.
 */
export type CloseReason =
  | "completed"
  | "failed"
  | "cancelled"
  | "aborted"
  | "stalled"
  | "expired"
  | "drained"
  | "overflow";

/** How a stream ended and what it sent. */
export interface CloseReport {
  /** Why it ended. */
  readonly reason: CloseReason;
  /** Milliseconds since the first pull; 0 for a stream that was never pulled. */
  readonly durationMs: number;
  /** Events of the source that were encoded; those the reader had not taken when it left are among them. */
  readonly events: number;
  /** Bytes handed to the reader, comments included. */
  readonly bytes: number;
  /** What the source threw, with reason `failed` or `overflow`. */
  readonly error?: unknown;
}

/** How a stream ends. */
export type Ending = Pick<CloseReport, "reason" | "error">;

/** An event that was encoded. */
export interface SentEvent {
  /** Event type; `undefined` for a frame without data that was given none. */
  readonly type: string | undefined;
  /** Its id; `undefined` when it has none, `""` when it resets the client's. */
  readonly id: string | undefined;
  /** The data before it was serialised. */
  readonly data: unknown;
}

/** Where an event stream logs: pino, or anything that takes details first and a message second, as `console` does. */
export interface Logger {
  /** Told of the start and of a normal end. */
  debug(details: object, message: string): void;
  /** Told of failures: of the source, of hooks, and of what cannot be encoded. */
  warn(details: object, message: string): void;
}

/**
 * Turns data into text. Written as a method for its parameter: a serializer that was compiled for the one type a stream
 * yields is welcome, too.
 */
export type Serializer = { serialize(data: unknown): string }["serialize"];

/** Options of an event stream; all have defaults. Checked when the stream is created. */
export interface EventStreamOptions<Value = unknown> {
  /**
   * Type of plain values: the name that listeners in the browser subscribe to.
   * @defaultValue `"message"`
   */
  eventType?: string | undefined;
  /**
   * Gives plain values an id, which the client sends back as `Last-Event-ID` when it reconnects. `index` counts the
   * events of this stream from 0.
   * @defaultValue none: an id that was made up cannot be resumed from
   */
  id?: ((value: Value, index: number) => string) | undefined;
  /**
   * Turns data into text. `String` sends raw text; a schema-compiled serializer makes streams cheaper.
   * @defaultValue JSON, with a BigInt as a decimal string
   */
  serialize?: Serializer | undefined;
  /**
   * Milliseconds of silence, 1 to 2147483647, after which a comment is sent to keep proxies from cutting the line;
   * `false` for none.
   * @defaultValue 15000; 5000 on Bun, whose server drops a connection that is idle for 10 s
   */
  heartbeatMs?: number | false | undefined;
  /**
   * Text of that comment.
   * @defaultValue `"heartbeat"`
   */
  heartbeatComment?: string | undefined;
  /**
   * Reconnection time in milliseconds, an integer >= 0, sent first as `retry:`.
   * @defaultValue none: browsers wait about 3 s
   */
  retryMs?: number | undefined;
  /**
   * When nothing was sent this many milliseconds after the first pull, an empty comment is, so that hosts and proxies
   * which hold the head until the first byte let `EventSource` open. 1 to 2147483647, or `false` for none.
   * @defaultValue 100
   */
  openingMs?: number | false | undefined;
  /**
   * Bytes of comment sent first, 0 to 1048576, for hosts that buffer the beginning of a response.
   * @defaultValue 0
   */
  padding?: number | undefined;
  /**
   * Ends the stream when it is aborted. Node warns of more than ten streams on one signal unless it is told by
   * `events.setMaxListeners(0, signal)` that this is meant.
   */
  signal?: AbortSignal | undefined;
  /** What a source that is a function is told as `lastEventId`. */
  lastEventId?: string | undefined;
  /**
   * What the error event carries: data, a whole event made with `sse()`, or `null` to send nothing. Everything it
   * returns goes to the client.
   * @defaultValue `{ error: error.message, status: "error", ...error[errorData] }`
   */
  formatError?: ((error: unknown) => unknown) | undefined;
  /**
   * Type of the error event. With `error`, the default, the browser calls the listeners of `EventSource`'s own
   * connection errors too: an event with `data` is this one, an event without is the connection.
   * @defaultValue `"error"`
   */
  errorEvent?: string | undefined;
  /** Event sent after the source ended normally, made with `sse()`. */
  endEvent?: SseEvent | undefined;
  /**
   * Keeps `EventSource` from reconnecting for ever: after the end or a final error, the id `~end` is sent; when a
   * client comes back with it, `SSEManager` answers 204, which ends `EventSource` for good. An error whose `errorData`
   * says `retryable: true` is not final. Needs `request` to be given to `SSEManager`.
   * @defaultValue `false`
   */
  stopReconnect?: boolean | undefined;
  /**
   * Ends the stream after a random 80 to 100 % of this many milliseconds, 1 to 2147483647, so that clients do not all
   * come back at once.
   * @defaultValue none
   */
  maxAgeMs?: number | undefined;
  /**
   * Lets a reader go that takes nothing for this many milliseconds, 1 to 2147483647; the stream errors with a
   * `TimeoutError`. It has to be longer than a slow reader takes for the largest event. `false` for none.
   * @defaultValue 30000
   */
  stallTimeoutMs?: number | false | undefined;
  /**
   * Bytes of frames in one chunk at most, an integer >= 1; only a frame that is larger by itself makes a larger chunk.
   * The source is read no further ahead than this.
   * @defaultValue 16384
   */
  highWaterMark?: number | undefined;
  /** Called on the first pull. Like all hooks here it changes nothing: what it throws goes to `onError`. */
  onOpen?: ((opening: { readonly lastEventId: string | undefined }) => unknown) | undefined;
  /** Called for each event that was encoded. */
  onEvent?: ((event: SentEvent) => unknown) | undefined;
  /** Called with what the source or a hook threw. */
  onError?: ((error: unknown) => unknown) | undefined;
  /**
   * Called exactly once, when the stream is over; also when it was cancelled before its first pull, without `onOpen`.
   */
  onClose?: ((report: CloseReport) => unknown) | undefined;
  /** Told of starts and ends at debug, of failures at warn. */
  logger?: Logger | undefined;
}

type Defaulted =
  | "eventType"
  | "serialize"
  | "heartbeatMs"
  | "heartbeatComment"
  | "openingMs"
  | "padding"
  | "formatError"
  | "errorEvent"
  | "stopReconnect"
  | "stallTimeoutMs"
  | "highWaterMark";

/** Options with their defaults, checked. */
export type ResolvedOptions<Value> = Omit<EventStreamOptions<Value>, Defaulted> & {
  readonly [Key in Defaulted]: Exclude<EventStreamOptions<Value>[Key], undefined>;
} & {
  /** Aborted when the client is gone: the signal of the request that is answered. */
  readonly clientSignal?: AbortSignal;
};

/** What each option may be. */
export const eventStreamRules: Rules<EventStreamOptions> = {
  eventType: oneLine,
  id: callback,
  serialize: callback,
  heartbeatMs: delayOrFalse,
  heartbeatComment: text,
  retryMs: /* @__PURE__ */ integer("ms", 0),
  openingMs: delayOrFalse,
  padding: /* @__PURE__ */ integer("bytes", 0, 1_048_576),
  signal: ["an AbortSignal", (value) => hasMethod(value, "throwIfAborted")],
  lastEventId: text,
  formatError: callback,
  errorEvent: oneLine,
  endEvent: ["an event made with sse(), its fields such as can be encoded", isEncodable],
  stopReconnect: flag,
  maxAgeMs: delay,
  stallTimeoutMs: delayOrFalse,
  highWaterMark: /* @__PURE__ */ integer("bytes", 1),
  onOpen: callback,
  onEvent: callback,
  onError: callback,
  onClose: callback,
  logger: [
    "an object with the methods debug and warn",
    (value) => hasMethod(value, "debug") && hasMethod(value, "warn"),
  ],
};

function isEncodable(value: unknown): boolean {
  if (!isSseEvent(value)) return false;
  const { event, id, retry, comment } = value;
  try {
    return encodeEvent({ event, id, retry, comment }) !== "";
  } catch {
    return false;
  }
}

/** Fills in the defaults of options that were checked. */
export function resolveOptions<Value>(options: EventStreamOptions<Value>): ResolvedOptions<Value> {
  return {
    eventType: "message",
    serialize: serializeJson,
    heartbeatMs: "Bun" in globalThis ? 5_000 : 15_000,
    heartbeatComment: HEARTBEAT_COMMENT,
    openingMs: 100,
    padding: 0,
    formatError,
    errorEvent: "error",
    stopReconnect: false,
    stallTimeoutMs: 30_000,
    highWaterMark: 16_384,
    ...withoutUndefined(options),
  };
}
