import { callback, checkOptions, integer, MAX_DELAY_MS, type Rules } from "./check-options.ts";
import type { EventLog } from "./event-log.ts";
import { hasMethod } from "./has-method.ts";
import type { SourceContext, ValueIterable } from "./open-source.ts";
import { SharedSource } from "./shared-source.ts";
import type { SseEvent } from "./sse-event.ts";

/** Options of {@link shareSource}. */
export interface ShareSourceOptions<Value> {
  /**
   * Opens the source of a key, when its first watcher comes. `signal` is aborted when nobody watches any more, `lastEventId`
   * is the id of the last event that the source gave before it broke, if it gave events ids: it goes on there.
   */
  start: (
    key: string,
    context: SourceContext,
  ) => ValueIterable<Value | SseEvent> | PromiseLike<ValueIterable<Value | SseEvent>>;
  /**
   * Makes the log that the watchers of a key read: `(key) => new MemoryEventLog({ eventType: "progress" })`, or that of
   * another package, which other processes read as well.
   */
  log: (key: string) => EventLog<Value>;
  /**
   * Milliseconds, 0 to 2147483647, for which a source goes on without watchers, and its events are kept after its end:
   * longer than a browser takes to reconnect.
   * @defaultValue 10000
   */
  graceMs?: number | undefined;
  /**
   * Told when a log cannot be ended, as when its server is away. What the source or `append` throws goes to the watchers.
   * @defaultValue none
   */
  onError?: ((error: unknown, key: string) => unknown) | undefined;
}

const rules: Rules<ShareSourceOptions<never>> = {
  start: callback,
  log: callback,
  graceMs: /* @__PURE__ */ integer("ms", 0, MAX_DELAY_MS),
  onError: callback,
};

/** What {@link shareSource} gives for a key: a source that any number of streams may have. */
export type WatchedSource = (context: SourceContext) => AsyncIterable<SseEvent>;

/**
 * Makes one source serve any number of watchers: ten people open the same document, and there is one gRPC call.
 *
 * The first watcher of a key starts its source, which runs at its own pace into a log; the others join it and get what there
 * was first. Each has the log's ids: one that reconnects goes on after its last event. When the last watcher has gone for
 * `graceMs`, the source is stopped and the key forgotten. A failure reaches every watcher; the next one starts the source
 * again, after the last event it gave, and those who come back miss nothing.
 *
 * Authorise a request before you watch for it: everybody with the same key sees the same events.
 *
 * @param options - `start`, `log`, `graceMs`.
 * @returns A function that gives the source to watch for a key: hand it to `createResponse` as it is.
 * @throws {TypeError} When an option is missing, unknown or of the wrong type.
 * @throws {RangeError} When `graceMs` is outside what is allowed.
 * @example
 * ```ts
 * import { MemoryEventLog, shareSource, SSEManager } from "@ssewire/core";
 *
 * async function* process(documentId: string): AsyncGenerator<{ documentId: string; percent: number }> {
 *   for (let percent = 0; percent <= 100; percent += 10) yield { documentId, percent };
 * }
 *
 * const watch = shareSource({ start: process, log: () => new MemoryEventLog({ eventType: "progress" }) });
 *
 * export const GET = (request: Request): Response =>
 *   SSEManager.createResponse(watch(new URL(request.url).pathname), { request });
 * ```
 */
export function shareSource<Value>(options: ShareSourceOptions<Value>): (key: string) => WatchedSource {
  checkOptions(options, rules);
  const { start, log, graceMs = 10_000, onError } = options;
  for (const [name, value] of Object.entries({ start, log })) {
    if (value === undefined) throw new TypeError(`Option \`${name}\` must be ${rules.start[0]}; got undefined`);
  }
  const sources = new Map<string, SharedSource<Value>>();

  function open(key: string): SharedSource<Value> {
    const eventLog = log(key);
    if (!hasMethod(eventLog, "append") || !hasMethod(eventLog, "read")) {
      throw new TypeError("Option `log` must return an event log");
    }
    const source = new SharedSource<Value>({
      log: eventLog,
      graceMs,
      start: (context) => start(key, context),
      onForgotten: () => sources.get(key) === source && sources.delete(key),
      onError: (error) => onError?.(error, key),
    });
    sources.set(key, source);
    return source;
  }

  return (key) => (context) => (sources.get(key) ?? open(key)).watch(context);
}
