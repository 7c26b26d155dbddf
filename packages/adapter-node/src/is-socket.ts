import type { Socket } from "node:net";

/** Whether there is one: a response that waits for its turn has none, and test injectors have one that is none. */
export function isSocket(value: Socket | null | undefined): value is Socket {
  return typeof value?.destroy === "function";
}
