import { commentFrame, OPENING_FRAME } from "./comment-frames.ts";
import { retryLine } from "./encode-event.ts";
import { atEndOfTurn } from "./end-of-turn.ts";
import type { EngineOwner, OwnedEngine } from "./engine-owner.ts";
import type { EventSink } from "./event-sink.ts";
import type { Ending, ResolvedOptions } from "./event-stream-options.ts";
import { type Frame, FrameBuffer } from "./frame-buffer.ts";
import { isThenable } from "./has-method.ts";
import { Observer } from "./observer.ts";
import type { StreamSource } from "./open-source.ts";
import { isOverflow } from "./overflow-error.ts";
import { OwnedSource } from "./owned-source.ts";
import type { PushSource } from "./push-source.ts";
import type { SseEvent } from "./sse-event.ts";
import { StreamTimers, type TimerCallbacks } from "./stream-timers.ts";
import { ValueEncoder } from "./value-encoder.ts";
import { later, type ValueReceiver } from "./value-puller.ts";

/** Then one waits for the end of the turn, so that a source which never waits does not keep others from theirs. */
const MAX_AT_ONCE = 16;

/**
 * Drives one event stream: pulls the source, encodes what it yields, pushes chunks into a sink.
 *
 * It waits for the source while more is `#wanted`, pulling one value at a time, else for the reader. Frames gather in
 * `#buffer` until the end of the turn, or until one does not fit: that one is held there, and with it the source. When a
 * turn had but one, the next ones leave `#atOnce` if it was quiet before. After `#ending` the source is not asked again, and
 * the sink gets what is left. Every ending comes to `#finish`, once.
 */
export class EventEngine<Value> implements OwnedEngine, PushSource, TimerCallbacks, ValueReceiver<Value | SseEvent> {
  readonly version = 1;
  /** Whether nobody has read the stream yet. */
  isIdle = true;
  readonly #source: OwnedSource<Value | SseEvent>;
  readonly #options: ResolvedOptions<Value>;
  readonly #owner: EngineOwner | undefined;
  readonly #observer: Observer<Value>;
  readonly #encoder: ValueEncoder<Value>;
  readonly #buffer: FrameBuffer;
  #sink: EventSink | undefined;
  #timers: StreamTimers | undefined;
  #onFirst: ((ending?: Ending) => void) | undefined;
  #startedAt: number | undefined;
  #wanted = false;
  #isPulling = false;
  #isFlushDue = false;
  #atOnce = 0;
  #ending: Ending | undefined;
  #isFinished = false;
  #why: unknown;
  #bytes = 0;

  constructor(source: StreamSource<Value | SseEvent>, options: ResolvedOptions<Value>, owner?: EngineOwner) {
    this.#source = new OwnedSource(source);
    this.#options = options;
    this.#owner = owner;
    this.#observer = new Observer(options);
    this.#encoder = new ValueEncoder(options, this.#observer);
    this.#buffer = new FrameBuffer(options.highWaterMark);
  }

  /** The reader wants something for the first time. */
  start(sink: EventSink): void {
    this.isIdle = false;
    this.#sink = sink;
    if (this.#isFinished) this.#closeSink();
    else if (this.#startedAt === undefined) this.#begin();
    else this.resume();
  }

  /** Starts before there is a reader. Calls back at the first event, or at the end or {@link commit} if they come first. */
  peek(onFirst: (ending?: Ending) => void): void {
    this.#onFirst = onFirst;
    this.#begin();
  }

  /** Ends the peek: the source waits for the reader, who has `stallTimeoutMs` to come. */
  commit(ending?: Ending): void {
    const onFirst = this.#onFirst;
    if (!onFirst) return;
    this.#onFirst = undefined;
    this.#want(false);
    onFirst(ending);
  }

  /** The reader wants more. */
  resume(): void {
    if (this.#isFinished) return;
    this.#want(true);
    this.#scheduleFlush();
    this.pull();
  }

  /** The reader cancelled, and its sink with it. */
  cancel(reason: unknown): void {
    this.isIdle = false;
    this.#sink = undefined;
    this.#finish({ reason: "cancelled" }, reason);
  }

  drain(retryMs: number): void {
    this.#end({ reason: "drained" }, retryLine(retryMs));
  }

  close(): void {
    if (this.#ending) this.#finish(this.#ending);
  }

  #begin(): void {
    const { signal, clientSignal, lastEventId } = this.#options;
    this.#startedAt = performance.now();
    this.#observer.opened(lastEventId);
    for (const each of [signal, clientSignal]) each?.addEventListener("abort", this);
    if (signal?.aborted || clientSignal?.aborted) this.handleEvent();
    if (this.#isFinished) return;
    this.#timers = new StreamTimers(this.#options, this);
    this.#push(this.#encoder.encodeBeginning());
    this.#owner?.opened(this);
    if (!this.#isOver) this.#source.open(this, lastEventId);
    this.resume();
  }

  /** Asks for the next value, one at a time; what is there at once is taken at once. */
  pull(): void {
    while (this.#source.isReady && this.#wanted && !this.#buffer.isFull && !this.#isPulling && !this.#isOver) {
      try {
        const result = this.#source.next(this);
        if (result !== later && !isThenable(result)) {
          this.#take(result);
        } else {
          this.#isPulling = true;
          if (result !== later) result.then(this.#onResult, this.fail);
        }
      } catch (error) {
        this.fail(error);
      }
    }
  }

  readonly #onResult = (result: IteratorResult<Value | SseEvent, unknown>): void => {
    this.#isPulling = false;
    const mayLeaveAtOnce = this.#atOnce > 0 && this.#wanted && !this.#isFlushDue;
    const leavesAtOnce = mayLeaveAtOnce && (this.#timers?.quietMs ?? 0) >= 1;
    if (leavesAtOnce) this.#isFlushDue = true;
    if (!this.#isOver) this.#take(result);
    if (leavesAtOnce) {
      this.#atOnce--;
      this.#flush();
    }
    this.pull();
  };

  get room(): number {
    return this.#buffer.isEmpty ? this.#options.highWaterMark : 0;
  }

  /** From a source that comes to all its streams at the end of the turn: what it makes ready leaves from here. */
  receive(result: IteratorResult<Value | SseEvent, unknown>): void {
    this.#isFlushDue = true;
    this.#onResult(result);
    this.#isFlushDue = false;
    if (this.#wanted) this.#flush();
  }

  #take(result: IteratorResult<Value | SseEvent, unknown>): void {
    try {
      if (result.done) {
        this.#end({ reason: "completed" }, this.#encoder.encodeEnd());
      } else {
        this.#push(this.#encoder.encode(result.value));
        this.commit();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  readonly fail = (error: unknown): void => {
    if (this.#isOver) return;
    this.#observer.failed(error);
    this.#end({ reason: isOverflow(error) ? "overflow" : "failed", error }, this.#encoder.encodeError(error));
  };

  get #isOver(): boolean {
    return this.#isFinished || this.#ending !== undefined;
  }

  /** Nothing comes after `frame`. */
  #end(ending: Ending, frame: Frame): void {
    if (this.#isOver) return;
    this.#ending = ending;
    this.#push(frame);
    this.#buffer.isEmpty ? this.#finish(ending) : this.commit(ending);
  }

  #push(frame: Frame): void {
    this.#buffer.add(frame);
    this.#scheduleFlush();
  }

  /** Whom is waited for decides what silence means. */
  #want(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#timers?.restart(wanted);
  }

  #scheduleFlush(): void {
    if (this.#isFlushDue || !this.#wanted || !this.#sink || (this.#buffer.isEmpty && !this.#ending)) return;
    this.#isFlushDue = true;
    atEndOfTurn(this.#onEndOfTurn);
  }

  readonly #onEndOfTurn = (): void => {
    this.#atOnce = this.#buffer.frames === 1 ? MAX_AT_ONCE : 0;
    this.#flush();
  };

  /** Hands over what gathered. */
  #flush(): void {
    this.#isFlushDue = false;
    if (this.#isFinished || !this.#sink) return;
    if (!this.#buffer.isEmpty) {
      // First of all: the sink may call resume() from within.
      this.#wanted = false;
      if (this.#write(this.#sink)) this.#want(true);
      else if (!this.#wanted) this.#timers?.restart(false);
    }
    if (this.#ending && this.#buffer.isEmpty) this.#finish(this.#ending);
    else if (this.#wanted) this.resume();
  }

  /** One chunk. @returns whether the sink wants more. */
  #write(sink: EventSink): boolean {
    const chunk = this.#buffer.take(sink.takesShared === true);
    this.#bytes += chunk.length;
    return sink.write(chunk);
  }

  opening(): void {
    if (this.#bytes === 0) this.#breakSilence(OPENING_FRAME);
  }

  expired(): void {
    this.#finish({ reason: "expired" });
  }

  idle(): void {
    if (this.#wanted) {
      this.#breakSilence(commentFrame(this.#options.heartbeatComment));
      return;
    }
    const error = new DOMException(`The reader took nothing for ${this.#options.stallTimeoutMs} ms`, "TimeoutError");
    this.#finish({ reason: "stalled", error }, error);
  }

  #breakSilence(comment: Frame): void {
    if (!this.#buffer.isEmpty) return;
    this.#buffer.add(comment);
    // A timer has a turn to itself: nothing else becomes ready in it.
    if (this.#wanted) this.#flush();
  }

  /** One of the signals has aborted. */
  handleEvent(): void {
    const { signal, clientSignal } = this.#options;
    if (signal?.aborted) this.#finish({ reason: "aborted" }, signal.reason);
    else this.#finish({ reason: "cancelled" }, clientSignal?.reason);
  }

  /** The one way out: whatever happens, nothing is sent, pulled or called after it. */
  #finish(ending: Ending, why?: unknown): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#ending = ending;
    this.#why = why;
    this.#timers?.dispose();
    const { signal, clientSignal } = this.#options;
    for (const each of [signal, clientSignal]) each?.removeEventListener("abort", this);
    this.#source.release(why);
    this.#closeSink();
    this.#owner?.closed(this);
    const durationMs = this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt;
    this.#observer.closed({ ...ending, durationMs, events: this.#encoder.events, bytes: this.#bytes });
    this.commit(ending);
  }

  /** What is ready is not lost with a stream that ends in order, though the reader did not ask for it yet. */
  #closeSink(): void {
    if (this.#ending?.reason === "stalled") return void this.#sink?.error(this.#why);
    while (this.#sink && !this.#buffer.isEmpty) this.#write(this.#sink);
    this.#sink?.close();
  }
}
