const brand: unique symbol = /* @__PURE__ */ Symbol.for("ssewire.overflow");

/**
 * A reader of an event log fell behind so far that it is let go: by then more events wait for it than it may keep
 * waiting, or the log has evicted some of them.
 *
 * A stream that ends with it sends no error event and closes with reason `overflow`: the client comes back with the id of
 * the last event it has, and reads on from there.
 *
 * @example
 * ```ts
 * import { type EventLog, OverflowError } from "@ssewire/core";
 *
 * async function copy(log: EventLog, write: (data: unknown) => Promise<void>): Promise<void> {
 *   try {
 *     for await (const { data } of log.read()) await write(data);
 *   } catch (error) {
 *     if (!(error instanceof OverflowError)) throw error;
 *     await write({ missed: error.pendingEvents });
 *   }
 * }
 * ```
 */
export class OverflowError extends Error {
  override readonly name: string = "OverflowError";
  /** The same for every error of this class, to tell it by. */
  readonly code: "OVERFLOW" = "OVERFLOW";
  /** How many events had not been read. */
  readonly pendingEvents: number;

  /** @param pendingEvents - How many events had not been read. */
  constructor(pendingEvents: number) {
    super(`Cannot go on reading event log: ${pendingEvents} events wait already`);
    this.pendingEvents = pendingEvents;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether `error` is an {@link OverflowError}, of whichever copy of this package. */
export function isOverflow(error: unknown): boolean {
  return error instanceof Error && brand in error;
}
