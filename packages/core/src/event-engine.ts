import { commentLines, encodeEvent, retryLine } from "./encode-event.ts";
import { isRetryable } from "./error-data.ts";
import type { CloseReason, ResolvedOptions } from "./event-stream-options.ts";
import { FrameBuffer } from "./frame-buffer.ts";
import { IdleTimer } from "./idle-timer.ts";
import { contain, ignore, Observer } from "./observer.ts";
import {
  checkSource,
  discardSource,
  isThenable,
  openSource,
  type SourceContext,
  type StreamSource,
  type ValuePuller,
} from "./open-source.ts";
import type { SseEvent } from "./sse-event.ts";
import { TurnScheduler } from "./turn-scheduler.ts";
import { ValueEncoder } from "./value-encoder.ts";

/** Where an engine sends its chunks: a Web Stream, a server's response. */
export interface EventSink {
  /** Takes a chunk of whole frames. @returns whether it wants more; if not, it calls `resume` once it does. */
  write(chunk: Uint8Array<ArrayBuffer>): boolean;
  /** All was written. */
  close(): void;
  /** The stream is given up, and what was not read yet with it. */
  error(reason: unknown): void;
}

/** What the owner of an engine, a manager, is told and may do. */
export interface EngineOwner {
  opened(engine: OwnedEngine): void;
  closed(engine: OwnedEngine): void;
}

/** An engine as its owner sees it. */
export interface OwnedEngine {
  /** Ends the stream once the reader has taken what is ready; it is told to come back after `retryMs`. */
  drain(retryMs: number): void;
  /** Ends the stream now. */
  close(): void;
}

/** The id that tells a client which comes back that there is nothing to come back for. */
export const END_ID = "~end";

/** With data, as several clients lose an id that comes without; of a type that no page listens to. */
const endFrame: string = encodeEvent({ id: END_ID, event: END_ID, data: "" });

/** How the stream ends. */
export interface Ending {
  readonly reason: CloseReason;
  readonly error?: unknown;
}

/**
 * Drives one event stream: pulls the source, encodes what it yields, pushes chunks into a sink.
 *
 * At any time it waits either for the source (`#wanted` is true) or for the sink (it is false). The source is pulled
 * only while the sink wants more, one value at a time. Frames gather in `#buffer` until the end of the turn of the event
 * loop, or until one does not fit: that one is `#held`, and with it the source. Once `#ending` is set, the source is
 * not asked again, and the stream ends when the sink has taken what is left. Every ending comes to `#finish`, once.
 */
export class EventEngine<Value> implements OwnedEngine {
  readonly #source: StreamSource<Value | SseEvent>;
  readonly #options: ResolvedOptions<Value>;
  readonly #owner: EngineOwner | undefined;
  readonly #onFirst: ((ending: Ending | undefined) => void) | undefined;
  readonly #observer: Observer<Value>;
  readonly #encoder: ValueEncoder<Value>;
  readonly #buffer: FrameBuffer;
  readonly #flushes: TurnScheduler = new TurnScheduler(() => this.#flush());
  #sink: EventSink | undefined;
  #puller: ValuePuller<Value | SseEvent> | undefined;
  #controller: AbortController | undefined;
  #idleTimer: IdleTimer | undefined;
  #openingTimer: ReturnType<typeof setTimeout> | undefined;
  #maxAgeTimer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  #opening = false;
  #pulling = false;
  #finished = false;
  #held = "";
  #ending: Ending | undefined;
  #startedAt: number | undefined;
  #events = 0;
  #bytes = 0;

  /**
   * @param owner - Told of the start and the end of the stream.
   * @param onFirst - Called at the first event, or at the end if that comes first; called again later on.
   */
  constructor(
    source: StreamSource<Value | SseEvent>,
    options: ResolvedOptions<Value>,
    owner?: EngineOwner,
    onFirst?: (ending: Ending | undefined) => void,
  ) {
    checkSource(source);
    // Should the reader never come, nobody looks at this promise; it must not be an unhandled rejection for that.
    if (source instanceof Promise) source.catch(ignore);
    this.#source = source;
    this.#options = options;
    this.#owner = owner;
    this.#onFirst = onFirst;
    this.#observer = new Observer(options);
    this.#encoder = new ValueEncoder(options, this.#observer);
    this.#buffer = new FrameBuffer(options.highWaterMark);
  }

  /** Opens the source and starts to pull it; called once, when the reader first wants something. */
  start(sink: EventSink): void {
    const { signal, clientSignal, lastEventId, maxAgeMs, heartbeatMs, openingMs, stallTimeoutMs } = this.#options;
    this.#sink = sink;
    this.#startedAt = performance.now();
    this.#observer.opened(lastEventId);
    if (signal?.aborted === true) this.#onAbort();
    if (clientSignal?.aborted === true) this.#onDisconnect();
    if (this.#finished) return;
    signal?.addEventListener("abort", this.#onAbort);
    clientSignal?.addEventListener("abort", this.#onDisconnect);
    this.#idleTimer = new IdleTimer(Math.min(heartbeatMs, stallTimeoutMs), this.#onIdle);
    if (openingMs !== Number.POSITIVE_INFINITY) this.#openingTimer = setTimeout(this.#onOpeningDue, openingMs);
    if (maxAgeMs !== undefined) {
      const ageMs = maxAgeMs * (0.8 + 0.2 * Math.random());
      this.#maxAgeTimer = setTimeout(() => this.#finish({ reason: "expired" }), ageMs);
    }
    this.#sendPreamble();
    this.#owner?.opened(this);
    if (this.#ending === undefined) this.#open();
    this.resume();
  }

  /** The sink wants more. */
  resume(): void {
    if (this.#finished) return;
    if (!this.#wanted) {
      this.#wanted = true;
      this.#idleTimer?.restart(this.#options.heartbeatMs);
    }
    if (!this.#buffer.isEmpty || this.#ending !== undefined) this.#flushes.schedule();
    this.#pull();
  }

  /** The reader is gone. */
  cancel(reason: unknown): void {
    this.#finish({ reason: "cancelled" }, reason);
  }

  drain(retryMs: number): void {
    this.#end({ reason: "drained" }, `${retryLine(retryMs)}\n`);
  }

  close(): void {
    this.#finish(this.#ending ?? { reason: "drained" });
  }

  #sendPreamble(): void {
    const { padding, retryMs } = this.#options;
    if (padding > 0) this.#push(commentLines(" ".repeat(padding)));
    if (retryMs !== undefined) this.#push(retryLine(retryMs));
  }

  #open(): void {
    this.#opening = true;
    const context = (): SourceContext => {
      this.#controller = new AbortController();
      return { signal: this.#controller.signal, lastEventId: this.#options.lastEventId };
    };
    try {
      const opened = openSource(this.#source, context);
      if (isThenable(opened)) opened.then(this.#onOpened, this.#onFailed);
      else this.#onOpened(opened);
    } catch (error) {
      this.#onFailed(error);
    }
  }

  readonly #onOpened = (puller: ValuePuller<Value | SseEvent>): void => {
    this.#puller = puller;
    if (this.#finished) this.#releaseSource(undefined);
    else this.#pull();
  };

  /** Asks for the next value, one at a time; what is there at once is taken at once. */
  #pull(): void {
    while (this.#puller !== undefined && this.#wanted && this.#held === "" && !this.#pulling && !this.#isOver) {
      try {
        const result = this.#puller.next();
        if (isThenable(result)) {
          this.#pulling = true;
          result.then(this.#onResult, this.#onFailed);
        } else {
          this.#take(result);
        }
      } catch (error) {
        this.#onFailed(error);
      }
    }
  }

  readonly #onResult = (result: IteratorResult<Value | SseEvent, unknown>): void => {
    this.#pulling = false;
    if (this.#isOver) return;
    try {
      this.#take(result);
    } catch (error) {
      this.#onFailed(error);
    }
    this.#pull();
  };

  #take(result: IteratorResult<Value | SseEvent, unknown>): void {
    if (result.done === true) {
      const { endEvent, stopReconnect } = this.#options;
      const last = endEvent === undefined ? "" : this.#encoder.encodeWhole(endEvent);
      this.#end({ reason: "completed" }, stopReconnect ? last + endFrame : last);
    } else {
      this.#push(this.#encoder.encode(result.value, this.#events));
      this.#events++;
      this.#onFirst?.(undefined);
    }
  }

  readonly #onFailed = (error: unknown): void => {
    if (this.#isOver) return;
    this.#observer.failed(error);
    const last = this.#encoder.encodeError(error);
    this.#end({ reason: "failed", error }, this.#options.stopReconnect && !isRetryable(error) ? last + endFrame : last);
  };

  get #isOver(): boolean {
    return this.#finished || this.#ending !== undefined;
  }

  /** Nothing comes after `frames`. */
  #end(ending: Ending, frames: string): void {
    if (this.#isOver) return;
    this.#ending = ending;
    this.#onFirst?.(ending);
    this.#push(frames);
    if (this.#wanted) this.#flushes.schedule();
  }

  #push(frames: string): void {
    if (frames === "") return;
    if (this.#held !== "" || !this.#buffer.add(frames)) this.#held += frames;
    if (this.#wanted) this.#flushes.schedule();
  }

  /** Hands over what gathered in this turn. */
  #flush(): void {
    if (!this.#wanted || this.#finished) return;
    if (!this.#buffer.isEmpty) {
      // First of all: the sink may call resume() from within.
      this.#wanted = false;
      this.#idleTimer?.restart(this.#options.stallTimeoutMs);
      if (this.#write()) this.resume();
    }
    if (this.#ending !== undefined && this.#buffer.isEmpty) this.#finish(this.#ending);
    else if (this.#wanted) this.resume();
  }

  /** One chunk; what was held back takes its place. @returns whether the sink wants more. */
  #write(): boolean {
    const chunk = this.#buffer.take();
    this.#bytes += chunk.length;
    this.#buffer.add(this.#held);
    this.#held = "";
    return this.#sink?.write(chunk) === true;
  }

  readonly #onOpeningDue = (): void => {
    if (this.#bytes === 0) this.#breakSilence(":\n");
  };

  readonly #onIdle = (): void => {
    if (this.#wanted) {
      this.#breakSilence(commentLines(this.#options.heartbeatComment));
      return;
    }
    const { stallTimeoutMs } = this.#options;
    const error = new DOMException(`The reader took nothing for ${stallTimeoutMs} ms`, "TimeoutError");
    this.#finish({ reason: "stalled", error }, error);
  };

  /** A comment needs no blank line, and with one a client in wide use delivers an empty message. */
  #breakSilence(comment: string): void {
    if (this.#buffer.isEmpty) this.#push(comment);
  }

  readonly #onAbort = (): void => {
    this.#finish({ reason: "aborted" }, this.#options.signal?.reason);
  };

  readonly #onDisconnect = (): void => this.cancel(this.#options.clientSignal?.reason);

  /** The one way out: whatever happens, nothing is sent, pulled or called after it. */
  #finish({ reason, error }: Ending, why?: unknown): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#onFirst?.({ reason, error });
    this.#idleTimer?.dispose();
    clearTimeout(this.#openingTimer);
    clearTimeout(this.#maxAgeTimer);
    this.#flushes.dispose();
    const { signal, clientSignal } = this.#options;
    signal?.removeEventListener("abort", this.#onAbort);
    clientSignal?.removeEventListener("abort", this.#onDisconnect);
    this.#controller?.abort(why);
    this.#releaseSource(why);
    this.#closeSink(reason, why);
    this.#owner?.closed(this);
    const durationMs = this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt;
    const report = { reason, durationMs, events: this.#events, bytes: this.#bytes };
    this.#observer.closed(error === undefined ? report : { ...report, error });
  }

  /** Not waited for: a generator that is stuck returns when it pleases. */
  #releaseSource(why: unknown): void {
    if (this.#puller !== undefined) {
      const puller = this.#puller;
      this.#puller = undefined;
      contain(() => puller.release(why), ignore);
    } else if (!this.#opening) {
      contain(() => discardSource(this.#source, why), ignore);
    }
  }

  /** What is ready is not lost with a stream that ends in order, though the reader did not ask for it yet. */
  #closeSink(reason: CloseReason, why: unknown): void {
    if (reason === "cancelled") return;
    if (reason === "stalled") {
      this.#sink?.error(why);
      return;
    }
    while (!this.#buffer.isEmpty) this.#write();
    this.#sink?.close();
  }
}
