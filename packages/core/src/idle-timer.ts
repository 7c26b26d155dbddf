/**
 * Calls back when nothing happened for as long as is allowed.
 *
 * What happens, happens often and costs little: it only notes the time. The timer itself runs on and looks, when it
 * fires, how much is left.
 */
export class IdleTimer {
  readonly #tickMs: number;
  readonly #onIdle: () => void;
  #since = 0;
  #limitMs = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param tickMs - The smallest limit there will be; infinite when there is none. */
  constructor(tickMs: number, onIdle: () => void) {
    this.#tickMs = tickMs;
    this.#onIdle = onIdle;
    this.#arm(tickMs);
  }

  /** Something happened; from now on `limitMs` of nothing are allowed. */
  restart(limitMs: number): void {
    this.#since = performance.now();
    this.#limitMs = limitMs;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Never for longer than a tick, as a smaller limit may come to hold in the meantime. */
  #arm(ms: number): void {
    // Rounded up, and never 0: a timer that fires a little early would otherwise spin until its time has come.
    if (this.#tickMs !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(this.#tick, Math.max(1, Math.ceil(Math.min(ms, this.#tickMs))));
    }
  }

  readonly #tick = (): void => {
    const leftMs = this.#since + this.#limitMs - performance.now();
    this.#arm(leftMs > 0 ? leftMs : this.#tickMs);
    if (leftMs <= 0) this.#onIdle();
  };
}
