import { vi } from "vitest";

/** Waits for what the test cannot be told of, however slow the machine is. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: 30_000, interval: 10 });
}
