/**
 * Where messages are read from: polled, so that messages that are there already cost no promise.
 *
 * Whoever makes a source gives it a `wake` function, and is woken when it pays to poll again after `read` gave
 * `undefined`. It may be woken without need.
 */
export interface MessageSource {
  /**
   * The next step when it is there at once, else `undefined`.
   *
   * @throws What the source failed with, once all messages before the failure were read.
   */
  read(): IteratorResult<unknown, undefined> | undefined;

  /** Whether the server has answered, though maybe without a message. */
  readonly isOpen: boolean;

  /** Releases the source, whatever state it is in. Never throws; `read` is not called afterwards. */
  cancel(): void;
}
