/** Counts what goes on for each document, each thing until its signal is aborted. */
export class SignalCounts {
  readonly #signals: Map<string, Set<AbortSignal>> = new Map();

  /** The same signal counts once. */
  add(documentId: string, signal: AbortSignal): void {
    const signals = this.#signals.get(documentId) ?? new Set();
    if (signal.aborted || signals.has(signal)) return;
    this.#signals.set(documentId, signals.add(signal));
    signal.addEventListener("abort", () => {
      signals.delete(signal);
      if (signals.size === 0) this.#signals.delete(documentId);
    });
  }

  /** The counts by document. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(Array.from(this.#signals, ([documentId, { size }]) => [documentId, size]));
  }
}
