import { vi } from "vitest";
import { jobs, type Progress } from "../jobs.ts";

/** A job that the test drives. */
export interface ControlledJob {
  readonly emit: (percent: number) => void;
  readonly end: () => void;
  /** Settles when its `finally` has run. */
  readonly released: Promise<void>;
}

/** Puts a job under the test's control: nothing is emitted that the test did not ask for. */
export function controlledJob(): ControlledJob {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let wake = (): void => undefined;
  const queue: (Progress | "end")[] = [];
  const put = (item: Progress | "end"): void => {
    queue.push(item);
    wake();
  };
  vi.spyOn(jobs, "watch").mockReturnValueOnce(async function* ({ signal }) {
    const aborted = new Promise<"end">((resolve) => signal.addEventListener("abort", () => resolve("end")));
    try {
      for (;;) {
        const item = queue.shift() ?? (await Promise.race([aborted, new Promise<void>((resolve) => (wake = resolve))]));
        if (item === "end") return;
        if (item !== undefined) yield item;
      }
    } finally {
      release();
    }
  });
  return { emit: (percent: number) => put({ percent }), end: () => put("end"), released };
}
