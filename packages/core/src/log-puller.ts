import type { JoinedEvents } from "./joined-events.ts";
import type { LogCursor, Step, WokenReader } from "./log-cursor.ts";
import type { SseEvent } from "./sse-event.ts";
import { later, type ValuePuller, type ValueReceiver } from "./value-puller.ts";

/**
 * A reader of a log as an event stream pulls it: without a promise for each event, and with all other streams of the log,
 * one after the other, at the end of the turn. What was appended in the turn comes to the stream and leaves it in one go:
 * with a thousand streams, coming back to each is what costs.
 */
export class LogPuller implements ValuePuller<SseEvent>, WokenReader {
  readonly release: () => void;
  readonly #cursor: LogCursor;
  #receiver: ValueReceiver<SseEvent> | undefined;

  constructor(cursor: LogCursor, release: () => void) {
    this.#cursor = cursor;
    this.release = release;
  }

  next(receiver: ValueReceiver<SseEvent>): Step | typeof later {
    const step = this.#cursor.step();
    if (step !== undefined) return step;
    this.#receiver = receiver;
    return later;
  }

  wake(joined?: JoinedEvents): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    let step: Step | undefined;
    try {
      step = (joined && this.#cursor.leap(joined, receiver.room)) ?? this.#cursor.step();
    } catch (error) {
      this.#receiver = undefined;
      receiver.fail(error);
      return;
    }
    if (step === undefined) return;
    this.#receiver = undefined;
    receiver.receive(step);
  }
}
