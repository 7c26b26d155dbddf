import { createParser, type EventSourceMessage } from "eventsource-parser";

/** Reads an event stream over HTTP, from `lastEventId` on, until `isEnough` or the end; then it leaves. */
export async function watchEvents(
  url: string,
  lastEventId: string | undefined,
  isEnough: (event: EventSourceMessage) => boolean,
): Promise<EventSourceMessage[]> {
  const controller = new AbortController();
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await fetch(url, { headers, signal: controller.signal });
  const events: EventSourceMessage[] = [];
  let isDone = false;
  const parser = createParser({
    onEvent: (event) => {
      // What came with the same chunk is as if it had not come.
      if (isDone) return;
      events.push(event);
      isDone = isEnough(event);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (isDone) break;
  }
  controller.abort();
  return events;
}
