export type StreamState = "connecting" | "open" | "reconnecting" | "ended" | "failed"; // the last two are final
type Listener<Data> = { listen(data: Data, event: MessageEvent<string>): void }["listen"];
export interface WatchOptions<Events extends object> {
  /** Listeners by type of event. Their data is parsed, not checked: that it is of its type is the server's word. */
  readonly on: { readonly [Type in Exclude<keyof Events, "error">]?: Listener<Events[Type]> };
  /** Told of each state after `connecting`. When the source has failed, `error.cause` is what the server sent. */
  readonly onState: (state: StreamState, error?: Error) => void;
  /** Type of the event after which nothing comes; a server with `stopReconnect` needs none. */
  readonly endEvent?: (keyof Events & string) | undefined;
}
/** Watches an event stream until it ends, fails, or the function that is returned is called. */
export function watchEvents<Events extends object>(url: string, options: WatchOptions<Events>): () => void {
  const source = new EventSource(url);
  let state: StreamState = "connecting";
  const enter = (next: StreamState, error?: Error): void => {
    if (next === state) return;
    state = next;
    if (next === "ended" || next === "failed") source.close(); // or it would come back, and the server begin anew
    options.onState(next, error);
  };
  const onFailure = (data: unknown): void =>
    enter(Object(data).retryable === true ? "reconnecting" : "failed", new Error(Object(data).error, { cause: data }));
  const onConnectionError = (): void =>
    enter(source.readyState === source.CLOSED ? "failed" : "reconnecting", new Error(`No event stream from ${url}`));
  for (const [type, listener] of Object.entries<Listener<unknown> | undefined>({ ...options.on, error: onFailure }))
    source.addEventListener(type, (event: Event) => {
      if (!(event instanceof MessageEvent)) return onConnectionError();
      let data: unknown;
      try {
        data = JSON.parse(event.data);
      } catch (cause) {
        return enter("failed", new Error(`The data of an event of type ${type} is not JSON`, { cause }));
      }
      listener?.(data, event);
    });
  for (const type of [options.endEvent ?? "~end", "~end"])
    source.addEventListener(type, () => source.readyState !== source.CLOSED && enter("ended"));
  source.addEventListener("open", () => enter("open"));
  return () => source.close();
}
