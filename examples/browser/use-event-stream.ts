import { useEffect, useEffectEvent, useState } from "react";
import { type StreamState, type WatchOptions, watchEvents } from "./watch-events.ts";

/** How a stream is doing, and why, where that is known. */
export interface StreamStatus {
  readonly state: StreamState;
  readonly error?: Error | undefined;
}

type AnyEvents = Record<string, unknown>;
type AnyListeners = WatchOptions<AnyEvents>["on"];

const CONNECTING: StreamStatus & { url?: string } = { state: "connecting" };

/**
 * Watches an event stream while the component is mounted. A new `url`, `endEvent` or event type opens another stream;
 * new listeners do not, so they may be written inline: those of the latest render are called.
 */
export function useEventStream<Events extends object>(
  url: string,
  { on, endEvent }: Omit<WatchOptions<Events>, "onState">,
): StreamStatus {
  const [status, setStatus] = useState(CONNECTING);
  const latest: AnyListeners = on;
  const listen = useEffectEvent((type: string, data: unknown, event: MessageEvent<string>) =>
    latest[type]?.(data, event),
  );
  // A string, as an effect compares what it depends on by identity. No type has a line break in it.
  const types = Object.keys(on).join("\n");
  useEffect(() => {
    const listeners: AnyListeners = Object.fromEntries(
      types
        .split("\n")
        .map((type) => [type, (data: unknown, event: MessageEvent<string>) => listen(type, data, event)]),
    );
    const onState = (state: StreamState, error?: Error): void => setStatus({ url, state, error });
    const close = watchEvents<AnyEvents>(url, { on: listeners, onState, endEvent });
    return () => {
      close();
      setStatus(CONNECTING);
    };
  }, [url, types, endEvent]);
  // Until the effect has run, the status is still that of the stream before.
  return status.url === url ? status : CONNECTING;
}
