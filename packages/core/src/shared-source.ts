import type { EventLog } from "./event-log.ts";
import { contain, ignore } from "./observer.ts";
import { openSource, type SourceContext, type ValueIterable } from "./open-source.ts";
import type { SseEvent } from "./sse-event.ts";
import { pullNext, type ValuePuller } from "./value-puller.ts";

/** What a {@link SharedSource} is made of. */
export interface SharedSourceParts<Value> {
  readonly log: EventLog<Value>;
  readonly graceMs: number;
  readonly start: (
    context: SourceContext,
  ) => ValueIterable<Value | SseEvent> | PromiseLike<ValueIterable<Value | SseEvent>>;
  /** Called when nobody watches any more, or nobody new shall. */
  readonly onForgotten: () => void;
  /** Told of a log that cannot be ended. */
  readonly onError: (error: unknown) => unknown;
}

/**
 * The source of one key, and how many watch it.
 *
 * It runs as long as `#controller` is there: from the first watcher on, and again from the first after a failure. A timer of
 * `graceMs` runs while there is no watcher, or once the source is through; when it fires, the key is forgotten.
 */
export class SharedSource<Value> {
  readonly #parts: SharedSourceParts<Value>;
  #watchers = 0;
  #controller: AbortController | undefined;
  #isCompleted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SharedSourceParts<Value>) {
    this.#parts = parts;
  }

  /** One more watcher, until `signal` is aborted, which every event stream does when it ends. */
  watch({ signal, lastEventId }: SourceContext): AsyncIterable<SseEvent> {
    // After a failure this very watcher has the source start again.
    const events = this.#parts.log.read({ after: lastEventId, signal, skipFailure: true });
    if (signal.aborted) return events;
    this.#watchers++;
    signal.addEventListener("abort", this.#onLeave, { once: true });
    if (!this.#isCompleted) this.#keep();
    return events;
  }

  /** Somebody watches: the source runs. */
  #keep(): void {
    clearTimeout(this.#timer);
    if (this.#controller) return;
    this.#controller = new AbortController();
    void this.#run(this.#controller);
  }

  readonly #onLeave = (): void => {
    this.#watchers--;
    if (this.#watchers === 0 && !this.#isCompleted) this.#forgetLater();
  };

  #forgetLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#parts.onForgotten();
      this.#controller?.abort(new DOMException("Nobody watches any more", "AbortError"));
    }, this.#parts.graceMs);
  }

  async #run({ signal }: AbortController): Promise<void> {
    const { log, onError } = this.#parts;
    let failure: { readonly error: unknown } | undefined;
    let isCompleted = true;
    try {
      if (log.lead) isCompleted = await log.lead((context) => this.#write(context.signal), { signal });
      else await this.#write(signal);
    } catch (error) {
      failure = { error };
      isCompleted = false;
    }
    // Nobody watches here; another process may go on.
    if (signal.aborted) return;
    this.#controller = undefined;
    this.#isCompleted = isCompleted;
    try {
      if (isCompleted || failure) await log.end(failure);
    } catch (error) {
      contain(() => onError(error), ignore);
    }
    if (isCompleted || this.#watchers === 0) this.#forgetLater();
  }

  /** Fills the log, until the source is through or `signal` aborted, whatever the source waits for then. */
  async #write(signal: AbortSignal): Promise<void> {
    const { log, start } = this.#parts;
    const lastEventId = await log.lastSourceId();
    if (signal.aborted) return;
    let onAbort: () => void = ignore;
    const aborted = new Promise<void>((resolve) => {
      onAbort = resolve;
    });
    signal.addEventListener("abort", onAbort);
    const puller = await openSource<Value | SseEvent>(start, () => ({ signal, lastEventId }));
    try {
      await Promise.race([this.#fill(puller, signal), aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      contain(() => puller.release(signal.reason), ignore);
    }
  }

  async #fill(puller: ValuePuller<Value | SseEvent>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const result = await pullNext(puller);
      // What comes too late belongs to nobody: another process may have written it.
      if (result.done || signal.aborted) return;
      await this.#parts.log.append(result.value);
    }
  }
}
