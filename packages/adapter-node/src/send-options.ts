import { checkDelay, wrongType } from "./options-check.ts";

/** How a response is sent; see {@link sendResponse}. */
export interface SendResponseOptions {
  /**
   * Called once for what went wrong on the server's side: the handler or the body failed, the body's `cancel()` threw,
   * the Response could not be sent. A client that leaves is no error. The client never sees the message. What this
   * function throws or rejects with is printed and changes nothing.
   *
   * @defaultValue prints the error with `console.error`, so that no failure is silent
   */
  onError?: ((error: unknown) => unknown) | undefined;
  /**
   * Milliseconds, an integer from 1 to 2 147 483 647, after which a client that takes nothing of what waits for it is
   * given up: the connection is destroyed (HTTP/2: the stream is reset with CANCEL), the body cancelled. `false` waits
   * for ever. At most the high water mark of the response plus 16 KiB wait, so slow clients are safe.
   *
   * @defaultValue 30 000
   */
  writeTimeoutMs?: number | false | undefined;
}

/** Checked options, every default filled in. */
export interface SendSettings {
  readonly onError: (error: unknown) => unknown;
  readonly writeTimeoutMs: number | false;
}

export const SEND_OPTION_NAMES: readonly string[] = ["onError", "writeTimeoutMs"];

/** Checks and completes `options`; unknown names are refused by whoever knows all that are allowed. */
export function resolveSendOptions(task: string, options: SendResponseOptions): SendSettings {
  const { onError = printError, writeTimeoutMs = 30_000 } = options;
  if (typeof onError !== "function") throw wrongType(task, "onError", "a function", onError);
  if (writeTimeoutMs !== false) checkDelay(task, "writeTimeoutMs", writeTimeoutMs, ", or false");
  return { onError, writeTimeoutMs };
}

/** Tells `onError`, whatever it does itself. */
export async function reportError(onError: SendSettings["onError"], error: unknown): Promise<void> {
  try {
    await onError(error);
  } catch (failure) {
    printError(failure);
  }
}

function printError(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: the last resort when nobody else listens; a failure must not be silent.
  console.error(error);
}
