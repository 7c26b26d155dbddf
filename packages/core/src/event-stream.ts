import { checkOptions } from "./check-options.ts";
import { EventEngine } from "./event-engine.ts";
import type { EventSink } from "./event-sink.ts";
import { type EventStreamOptions, eventStreamRules, resolveOptions } from "./event-stream-options.ts";
import type { StreamSource } from "./open-source.ts";
import { carryPushSource } from "./push-source.ts";
import type { SseEvent } from "./sse-event.ts";

/**
 * Turns a source into a stream of Server-Sent Events, encoded as UTF-8.
 *
 * - **Backpressure:** the source is opened on the first pull and pulled only while the reader waits; it is never further
 *   ahead of it than `highWaterMark` bytes. Events that become ready in one turn of the event loop share a chunk, and one
 *   that comes alone, as those before it did, leaves at once; a chunk holds whole events only.
 * - **Cancellation:** cancelling the stream, or aborting `signal`, aborts the `signal` a source function was given, and
 *   calls the iterator's `return()`, even while its `next()` is pending.
 * - **Errors:** what the source throws becomes one error event and a clean close; the stream itself errors only when its
 *   reader takes nothing for `stallTimeoutMs`.
 *
 * @param source - An AsyncIterable, Iterable, ReadableStream, a promise of one, or a function `({ signal, lastEventId })`
 * that returns one. The function is the form to prefer: its signal interrupts what the source waits for.
 * @param options - See {@link EventStreamOptions}.
 * @returns A stream for the body of a `Response`.
 * @throws {TypeError} When the source is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} When an option is outside what is allowed.
 * @example
 * ```ts
 * import { createEventStream } from "@ssewire/core";
 *
 * async function* progress() {
 *   yield { percent: 50 };
 *   yield { percent: 100 };
 * }
 *
 * new Response(createEventStream(progress, { eventType: "progress" }), {
 *   headers: { "Content-Type": "text/event-stream" },
 * });
 * ```
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | HTML, server-sent events}
 */
export function createEventStream<Value>(
  source: StreamSource<Value | SseEvent>,
  options: EventStreamOptions<Value> = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  checkOptions(options, eventStreamRules);
  return toReadableStream(new EventEngine(source, resolveOptions(options)));
}

/** The Web Stream over an engine: nothing is queued, so nothing starts, or goes on, before somebody reads. */
export function toReadableStream<Value>(engine: EventEngine<Value>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (engine.isIdle) engine.start(toSink(controller));
        else engine.resume();
      },
      cancel: (reason) => engine.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  carryPushSource(stream, engine);
  return stream;
}

function toSink(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): EventSink {
  return {
    write(chunk) {
      controller.enqueue(chunk);
      // The stream pulls again, perhaps within enqueue(), when it is read again.
      return false;
    },
    close: () => controller.close(),
    error: (reason) => controller.error(reason),
  };
}
