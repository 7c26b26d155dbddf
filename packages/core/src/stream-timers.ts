import type { ResolvedOptions } from "./event-stream-options.ts";

type TimerOptions = Pick<ResolvedOptions<never>, "heartbeatMs" | "stallTimeoutMs" | "openingMs" | "maxAgeMs">;

/** What is called when a time has come. */
export interface TimerCallbacks {
  /** Nothing happened for as long as {@link StreamTimers.restart} allows. */
  idle(): void;
  opening(): void;
  expired(): void;
}

/**
 * The timers of one stream.
 *
 * What happens in a stream happens often, and costs no more here than to note the time: the idle timer runs on and
 * looks, when it fires, how much is left.
 */
export class StreamTimers {
  readonly #callbacks: TimerCallbacks;
  /** Infinite when off, as is the next one. */
  readonly #heartbeatMs: number;
  readonly #stallTimeoutMs: number;
  /** The smaller of the two. */
  readonly #tickMs: number;
  #since = 0;
  #limitMs = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #openingTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #maxAgeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ heartbeatMs, stallTimeoutMs, openingMs, maxAgeMs }: TimerOptions, callbacks: TimerCallbacks) {
    this.#callbacks = callbacks;
    this.#heartbeatMs = infiniteIfOff(heartbeatMs);
    this.#stallTimeoutMs = infiniteIfOff(stallTimeoutMs);
    this.#tickMs = Math.min(this.#heartbeatMs, this.#stallTimeoutMs);
    this.#arm(this.#tickMs);
    if (openingMs) this.#openingTimer = setTimeout(this.#open, openingMs);
    if (maxAgeMs) {
      const ageMs = maxAgeMs * (0.8 + 0.2 * Math.random());
      this.#maxAgeTimer = setTimeout(() => callbacks.expired(), ageMs);
    }
  }

  /** Something happened; from now on there may be silence for `heartbeatMs`, or a reader that takes nothing for `stallTimeoutMs`. */
  restart(isReaderWaiting: boolean): void {
    // Whole milliseconds: a fraction would be an object of its own, to be fetched and changed with every event.
    this.#since = Math.ceil(performance.now());
    this.#limitMs = isReaderWaiting ? this.#heartbeatMs : this.#stallTimeoutMs;
  }

  /** Milliseconds since then, give or take one. */
  get quietMs(): number {
    return performance.now() - this.#since;
  }

  dispose(): void {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#openingTimer);
    clearTimeout(this.#maxAgeTimer);
  }

  /** Never for longer than a tick, as a smaller limit may come to hold in the meantime. */
  #arm(ms: number): void {
    // Rounded up: a timer that fires a little early would otherwise spin until its time has come.
    const delayMs = Math.ceil(Math.min(ms, this.#tickMs));
    if (delayMs < Number.POSITIVE_INFINITY) this.#idleTimer = setTimeout(this.#tick, delayMs);
  }

  readonly #open = (): void => {
    // Most streams live much longer, and a timer weighs.
    this.#openingTimer = undefined;
    this.#callbacks.opening();
  };

  readonly #tick = (): void => {
    const leftMs = this.#limitMs - this.quietMs;
    // Less than what timers can tell is nothing: to wait for it would be a second timer for each heartbeat.
    const isDue = leftMs < 1;
    this.#arm(isDue ? this.#tickMs : leftMs);
    if (isDue) this.#callbacks.idle();
  };
}

function infiniteIfOff(ms: number | false): number {
  return ms || Number.POSITIVE_INFINITY;
}
