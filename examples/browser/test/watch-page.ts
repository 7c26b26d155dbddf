import { type StreamState, watchEvents } from "../watch-events.ts";
import { eventSources } from "./event-sources.ts";

type TestEvents = { progress: { step: number }; done: { url: string }; other: string };

interface WatchPage {
  /** Watches `url` and tells of all that comes. */
  watch(url: string, endEvent?: "done"): void;
  close(): void;
  /** CLOSED, 2, is final: such an EventSource sends no request any more. */
  readyStates(): number[];
}

declare global {
  var watchPage: WatchPage;
  /** Tells the test, which runs in Node. */
  function tell(entry: string): void;
}

let close: () => void;

globalThis.watchPage = {
  watch(url, endEvent) {
    const on = {
      progress({ step }: TestEvents["progress"], event: MessageEvent<string>): void {
        tell(`step ${step}, id ${event.lastEventId}`);
        if (step === 13) close();
        if (step === 99) throw new Error("a listener's own");
      },
      done: ({ url }: TestEvents["done"]): void => tell(`done ${url}`),
    };
    const onState = (state: StreamState, error?: Error): void =>
      tell(error ? `${state}: ${error.message} ${JSON.stringify(error.cause)}` : state);
    close = watchEvents<TestEvents>(url, { on, onState, endEvent });
  },
  close: () => close(),
  readyStates: () => eventSources.map(({ readyState }) => readyState),
};
