import type { CloseReport, Logger, ResolvedOptions, SentEvent } from "./event-stream-options.ts";
import { isThenable } from "./has-method.ts";

/**
 * The hooks and the logger of a stream, none of which can change it: what they throw, or reject with, goes to `onError`
 * and the log; what those throw goes nowhere, as there is nowhere left.
 */
export class Observer<Value> {
  readonly #options: ResolvedOptions<Value>;

  constructor(options: ResolvedOptions<Value>) {
    this.#options = options;
  }

  opened(lastEventId: string | undefined): void {
    const { onOpen, eventType } = this.#options;
    this.#log("debug", { eventType, lastEventId }, "event stream opened");
    this.#call(onOpen, { lastEventId });
  }

  sent(event: SentEvent): void {
    this.#call(this.#options.onEvent, event);
  }

  failed(error: unknown): void {
    this.#report(error, "event stream failed");
  }

  closed(report: CloseReport): void {
    this.#log("debug", report, "event stream closed");
    this.#call(this.#options.onClose, report);
  }

  #report(error: unknown, message: string): void {
    this.#log("warn", { err: error }, message);
    contain(() => this.#options.onError?.(error), ignore);
  }

  #call<Argument>(hook: ((argument: Argument) => unknown) | undefined, argument: Argument): void {
    if (hook !== undefined)
      contain(
        () => hook(argument),
        (error) => this.#report(error, "event stream hook failed"),
      );
  }

  #log(level: keyof Logger, details: object, message: string): void {
    contain(() => this.#options.logger?.[level](details, message), ignore);
  }
}

/** Calls `call` so that nothing it throws or rejects with gets any further than `onError`. */
export function contain(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = call();
    if (isThenable(result)) result.then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}

/** For what nobody can be told of. */
export function ignore(): undefined {
  return undefined;
}
