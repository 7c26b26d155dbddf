import { EventSource as NpmEventSource } from "eventsource";
import { Agent, EventSource as UndiciEventSource } from "undici";
import { type Component, findChromium } from "../find-component.ts";
import { launchChromium } from "../launch-chromium.ts";

/** An event with data, as a client delivered it. */
export type DeliveredEvent = readonly [type: string, id: string, data: string];

/** What an `EventSource` has seen when it has given up by itself, or was given up for want of a connection. */
export interface Outcome {
  readonly events: readonly DeliveredEvent[];
  readonly opened: number;
  /** How many `error` events had no data: those are of the connection. With five it is given up. */
  readonly connectionErrors: number;
}

export interface StartedClient {
  /** Listens to the event stream at `path` until the client has given up. */
  watch(path: string): Promise<Outcome>;
  stop(): Promise<void>;
}

/** An implementation of `EventSource`. */
export interface EventSourceClient {
  readonly name: string;
  /** Whether it speaks HTTP/2 over TLS here, or HTTP/1.1 in the clear. */
  readonly secure: boolean;
  readonly component: Component | undefined;
  /** Whether `lastEventId` of an event that has no id of its own is that of the last one that had, as it should be. */
  readonly keepsIds: boolean;
  /** Whether it sends ids that are not Latin-1. Those that do not put them into a header as they are, and fail for ever. */
  readonly sendsAnyId: boolean;
  /** Starts it at the page of a site. */
  start(siteUrl: string): Promise<StartedClient>;
}

/** What all implementations have in common. */
interface EventSourceLike {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

/** Listens until `source` has closed itself, or to five errors of the connection. Runs in the page, too, so it uses nothing from around it. */
function listen(source: EventSourceLike): Promise<Outcome> {
  return new Promise((resolve) => {
    const events: [string, string, string][] = [];
    let opened = 0;
    let connectionErrors = 0;
    for (const type of ["message", "progress", "note", "error"]) {
      source.addEventListener(type, (event) => {
        // Not by class, as undici has a MessageEvent of its own.
        if ("data" in event && "lastEventId" in event) {
          events.push([event.type, String(event.lastEventId), String(event.data)]);
          return;
        }
        connectionErrors++;
        if (connectionErrors === 5) source.close();
        if (source.readyState === 2) resolve({ events, opened, connectionErrors });
      });
    }
    source.addEventListener("open", () => {
      opened++;
    });
  });
}

const chromium = findChromium();

const inChromium = (secure: boolean): EventSourceClient => ({
  name: `Chromium, HTTP/${secure ? "2" : "1.1"}`,
  secure,
  component: chromium,
  keepsIds: true,
  sendsAnyId: true,
  async start(siteUrl) {
    const browser = await launchChromium(chromium);
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(siteUrl);
    return {
      watch: (path) => page.evaluate<Outcome>(`(${listen})(new EventSource(${JSON.stringify(path)}))`),
      stop: () => browser.close(),
    };
  },
});

const npm: EventSourceClient = {
  name: "npm eventsource 4",
  secure: false,
  component: undefined,
  keepsIds: false,
  sendsAnyId: false,
  start: async (siteUrl) => ({
    watch: (path) => listen(new NpmEventSource(siteUrl + path)),
    stop: async () => undefined,
  }),
};

const undici: EventSourceClient = {
  name: "undici 7",
  secure: false,
  component: undefined,
  keepsIds: true,
  sendsAnyId: false,
  async start(siteUrl) {
    const dispatcher = new Agent();
    return {
      watch: (path) => listen(new UndiciEventSource(siteUrl + path, { node: { dispatcher } })),
      stop: () => dispatcher.destroy(),
    };
  },
};

export const eventSources: readonly EventSourceClient[] = [inChromium(false), inChromium(true), npm, undici];
