import { type EventLogReadOptions, encodedEvent, type SseEvent } from "@ssewire/core";
import { readFailure } from "./failure-text.ts";
import type { LiveStreams } from "./live-streams.ts";
import type { ReaderQueue } from "./reader-queue.ts";
import { isEntryId, START, type StreamEntry } from "./stream-entry.ts";
import type { StreamPages } from "./stream-pages.ts";

/** Where a reader gets its entries from. */
export interface LogSource {
  readonly stream: string;
  readonly pages: StreamPages;
  readonly live: LiveStreams;
}

/**
 * One reader: pages of history at its own pace, then, when it has caught up, what comes in; again history whenever its
 * queue is detached.
 *
 * Each entry names the one before it, so wherever it goes on, the first entry it gets tells whether something is missing:
 * evicted, lost with the server, or never there as the id is of another log.
 */
export async function* readLog(
  { stream, pages, live }: LogSource,
  { after = "", skipFailure = false }: EventLogReadOptions,
  queue: ReaderQueue,
): AsyncGenerator<SseEvent, undefined, undefined> {
  /** Id of the last entry the reader has. */
  let position = START;
  if (isEntryId(after)) position = after;
  else if (after !== "") yield gapAfter(after);
  try {
    const last = skipFailure ? await orStop(pages.readLast(stream), queue) : undefined;
    const skippedId = last?.end ? last.id : undefined;
    /** The entry read last, when it is an end. */
    let end: StreamEntry | undefined;
    while (!queue.isStopped) {
      const page = await orStop(pages.read(stream, position), queue);
      if (page === undefined) return;
      const isKnown = page.entries[0]?.id === position;
      if (position !== START && !isKnown && page.entries[0]?.previous !== position) {
        yield gapAfter(position);
        position = START;
        continue;
      }
      for (const entry of page.entries) {
        end = entry.event ? undefined : entry;
        if (entry.event && entry.id !== position) yield entry.event;
        if (queue.isStopped) return;
        position = entry.id;
      }
      if (!page.isLast) continue;
      // An end that something was appended after is none.
      if (end && end.id !== skippedId) return finish(end);
      if (!live.attach(stream, position, queue)) continue;
      for (;;) {
        const entry = queue.shift();
        if (entry?.event) yield entry.event;
        else if (entry) return finish(entry);
        else if (queue.isStopped || queue.isDetached) break;
        else await queue.wait();
      }
      position = queue.lastId;
    }
  } finally {
    live.detach(stream, queue);
  }
}

/** What `work` gives; `undefined` when the reader leaves first. Throws what the reader shall end with. */
async function orStop<Result>(work: Promise<Result>, queue: ReaderQueue): Promise<Result | undefined> {
  let result: { readonly value: Result } | undefined;
  const done = work.then((value) => {
    result = { value };
  });
  // A failure that comes when the reader has left is of no interest.
  done.catch(() => undefined);
  while (!queue.isStopped) {
    queue.throwIfFailed();
    await Promise.race([done, queue.wait()]);
    if (result) return result.value;
  }
  return undefined;
}

function finish({ end = "" }: StreamEntry): undefined {
  if (end !== "") throw readFailure(end);
}

function gapAfter(id: string): SseEvent {
  return encodedEvent({ event: "gap", data: JSON.stringify({ after: id }) }, { after: id });
}
