import { isThenable } from "./has-method.ts";
import { LazySourceContext } from "./lazy-source-context.ts";
import { contain, ignore } from "./observer.ts";
import { checkSource, openSource, type StreamSource } from "./open-source.ts";
import { later, type ValuePuller, type ValueReceiver } from "./value-puller.ts";

/** What a source is opened for. */
export interface SourceUser {
  /** It can be pulled from now on. */
  pull(): void;
  /** It could not be opened. */
  readonly fail: (error: unknown) => void;
}

/** The source of one stream: opened once, and released once, in whatever state it is by then. */
export class OwnedSource<Value> {
  readonly #source: StreamSource<Value>;
  #puller: ValuePuller<Value> | undefined;
  #context: LazySourceContext | undefined;
  #isOpened = false;
  #isReleased = false;
  #why: unknown;

  /** @throws {TypeError} When it is none. */
  constructor(source: StreamSource<Value>) {
    checkSource(source);
    this.#source = source;
  }

  /** Whether it can be pulled: it is open, and was not released. */
  get isReady(): boolean {
    return this.#puller !== undefined;
  }

  open(user: SourceUser, lastEventId: string | undefined): void {
    this.#isOpened = true;
    try {
      const opened = openSource(this.#source, () => {
        this.#context = new LazySourceContext(lastEventId);
        return this.#context;
      });
      if (isThenable(opened)) opened.then((puller) => this.#accept(puller, user), user.fail);
      else this.#accept(opened, user);
    } catch (error) {
      user.fail(error);
    }
  }

  #accept(puller: ValuePuller<Value>, user: SourceUser): void {
    this.#puller = puller;
    if (this.#isReleased) this.#releasePuller();
    else user.pull();
  }

  /** See {@link ValuePuller.next}. */
  next(receiver: ValueReceiver<Value>): ReturnType<ValuePuller<Value>["next"]> {
    return this.#puller === undefined ? later : this.#puller.next(receiver);
  }

  /** Not waited for: a generator that is stuck returns when it pleases. */
  release(why: unknown): void {
    this.#isReleased = true;
    this.#why = why;
    this.#context?.abort(why);
    if (this.#isOpened) this.#releasePuller();
    // Never opened; but a call, or a stream, that was handed over may be running all the same.
    else if (typeof this.#source !== "function") this.open({ pull: ignore, fail: ignore }, undefined);
  }

  #releasePuller(): void {
    const puller = this.#puller;
    this.#puller = undefined;
    if (puller) contain(() => puller.release(this.#why), ignore);
  }
}
