import { type ReactElement, StrictMode, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { useEventStream } from "../use-event-stream.ts";
import { eventSources } from "./event-sources.ts";

type TestEvents = { progress: { step: number }; done: { url: string } };

interface Watch {
  readonly url: string;
  /** Told with each event: which rendering the listener is from. */
  readonly rendering: string;
  readonly listensToDone?: boolean;
}

interface HookPage {
  /** Renders a component that watches, in StrictMode; nothing unmounts it. */
  render(watch?: Watch): void;
  readyStates(): number[];
}

declare global {
  var hookPage: HookPage;
}

/** Everything but its URL is made anew with each rendering. */
function Watcher({ url, rendering, listensToDone }: Watch): ReactElement {
  const [steps, setSteps] = useState(0);
  const { state, error } = useEventStream<TestEvents>(url, {
    on: {
      progress: ({ step }) => {
        setSteps(steps + 1);
        tell(`step ${step} of ${url}, rendering ${rendering}`);
      },
      ...(listensToDone && { done: (done) => tell(`done ${done.url}`) }),
    },
  });
  tell(`${url} ${state}`);
  return (
    <p>
      {url}, rendering {rendering}: {steps} steps, {state} {error?.message}
    </p>
  );
}

const element = document.querySelector("#root");
if (element === null) throw new Error("The page has no #root");
const root: Root = createRoot(element);

globalThis.hookPage = {
  render: (watch) => root.render(<StrictMode>{watch && <Watcher {...watch} />}</StrictMode>),
  readyStates: () => eventSources.map(({ readyState }) => readyState),
};
