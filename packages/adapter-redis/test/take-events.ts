import type { SseEvent } from "@ssewire/core";

/** The next events of a reader, which goes on. */
export async function takeEvents(reader: AsyncIterable<SseEvent>, count: number): Promise<SseEvent[]> {
  const iterator = reader[Symbol.asyncIterator]();
  const events: SseEvent[] = [];
  while (events.length < count) {
    const step = await iterator.next();
    if (step.done) throw new Error(`The reader ended after ${events.length} of ${count} events`);
    events.push(step.value);
  }
  return events;
}

/** All events of a reader that ends. */
export async function allEvents(reader: AsyncIterable<SseEvent>): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of reader) events.push(event);
  return events;
}

/** Their data, and "gap" for a gap. */
export const dataOf = (events: readonly SseEvent[]): unknown[] =>
  events.map(({ event, data }) => (event === "gap" ? "gap" : data));

/** Numbers from `first` to `last`. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
