import { checkOptions, delay, integer, type Rules } from "./check-options.ts";
import type { EngineOwner, OwnedEngine } from "./engine-owner.ts";
import { ignore } from "./observer.ts";

/** Options of `SSEManager.drain`. */
export interface DrainOptions {
  /**
   * Milliseconds to wait for readers to take what is ready, 1 to 2147483647; then their streams end all the same.
   * @defaultValue 5000
   */
  timeoutMs?: number | undefined;
  /**
   * Each client is told to reconnect after a random time between these two, in milliseconds, so that they do not all
   * come at once.
   * @defaultValue `[1000, 5000]`
   */
  retryMs?: readonly [min: number, max: number] | undefined;
}

const rules: Rules<DrainOptions> = {
  timeoutMs: delay,
  retryMs: ["a pair [min, max] of integers >= 0 (ms) with min <= max", isRange],
};

function isRange(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(integer("", 0)[1]) && value[0] <= value[1];
}

/** The streams of a manager that are being read. */
export class OpenStreams implements EngineOwner {
  readonly #engines: Set<OwnedEngine> = new Set();
  #retryMs: readonly [min: number, max: number] | undefined;
  #onEmpty: () => void = ignore;
  #drained: Promise<void> | undefined;

  get size(): number {
    return this.#engines.size;
  }

  opened(engine: OwnedEngine): void {
    this.#engines.add(engine);
    this.#drainOne(engine);
  }

  closed(engine: OwnedEngine): void {
    this.#engines.delete(engine);
    if (this.size === 0) this.#onEmpty();
  }

  drain(options: DrainOptions = {}): Promise<void> {
    checkOptions(options, rules);
    this.#drained ??= this.#drainAll(options.timeoutMs ?? 5_000, options.retryMs ?? [1_000, 5_000]);
    return this.#drained;
  }

  async #drainAll(timeoutMs: number, retryMs: readonly [min: number, max: number]): Promise<void> {
    this.#retryMs = retryMs;
    for (const engine of this.#engines) this.#drainOne(engine);
    if (this.size === 0) return;
    const timer = setTimeout(() => {
      for (const engine of this.#engines) engine.close();
    }, timeoutMs);
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    clearTimeout(timer);
  }

  #drainOne(engine: OwnedEngine): void {
    if (this.#retryMs === undefined) return;
    const [min, max] = this.#retryMs;
    engine.drain(Math.round(min + (max - min) * Math.random()));
  }
}
