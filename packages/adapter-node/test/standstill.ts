import { nextTurn } from "./deferred.ts";

/**
 * Waits until `progress`, a count, stands still: the first write that finds its buffer full says little, as those of the
 * system grow for a while.
 */
export async function standstill(progress: () => number): Promise<number> {
  for (;;) {
    const before = progress();
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    if (before > 0 && progress() === before) return before;
  }
}
