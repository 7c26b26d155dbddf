import { vi } from "vitest";
import { accessLog } from "../jobs.ts";

/** The lines of the example's own log; each can be waited for. */
export function watchLog(): { readonly lines: string[]; readonly until: (expected: string) => Promise<void> } {
  const lines: string[] = [];
  let wake = (): void => undefined;
  vi.spyOn(accessLog, "write").mockImplementation((line) => {
    lines.push(line);
    wake();
  });
  const until = async (expected: string): Promise<void> => {
    while (!lines.includes(expected)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { lines, until };
}
