import { encodedEvent, encodeEvent, isSseEvent, type SseEvent } from "@ssewire/core";

/** Where a stream begins: the id before its first entry. */
export const START = "0-0";

/**
 * What the append script makes, all of one length as long as the server's clock shows a year from 2001 to 2286: ids
 * compare as text.
 */
const ID = /^\d{13}-\d{10}$/;

/** Whether a text may be an id of a log; what a client sends may be anything. */
export function isEntryId(text: string): boolean {
  return ID.test(text);
}

/** An entry of a stream, shared by all its readers in this process. */
export interface StreamEntry {
  readonly id: string;
  /** Id of the entry that was appended before it. */
  readonly previous: string;
  /** `undefined` for an end. */
  readonly event: SseEvent | undefined;
  /** What the log ended with: the text of a failure, empty for none. `undefined` for an event. */
  readonly end: string | undefined;
  /** Id that the writer's source gave last, up to here. */
  readonly sourceId: string | undefined;
  /** Roughly what it weighs. */
  readonly bytes: number;
}

/** How values become text and text becomes the `data` of events. */
export interface EntryFormat {
  readonly eventType: string;
  readonly serialize: (value: unknown) => string;
  readonly parse: (text: string) => unknown;
}

/**
 * Fields and values of an entry, as the append script takes them.
 *
 * @throws What serialising and encoding the value throws.
 */
export function writeFields(value: unknown, { eventType, serialize }: EntryFormat): string[] {
  if (!isSseEvent(value)) return ["e", eventType, "d", checkText(serialize(value))];
  const { data, event, id, retry, comment } = value;
  const type = event ?? (data === undefined ? undefined : eventType);
  encodeEvent({ event: type, retry, comment });
  const fields: string[] = [];
  if (type !== undefined) fields.push("e", type);
  if (data !== undefined) fields.push("d", checkText(serialize(data)));
  if (retry !== undefined) fields.push("r", String(retry));
  if (comment !== undefined) fields.push("c", comment);
  if (id !== undefined) fields.push("s", id);
  return fields;
}

/** An entry as Redis has it: its id, and fields and values in turn. */
export type RawEntry = readonly [id: string, fields: readonly string[]];

/** Reads what {@link writeFields} and the script have written. */
export function readEntry([id, fields]: RawEntry, { parse }: EntryFormat): StreamEntry {
  const found = readFields(fields);
  const { x: end, e: event, d: data, r, c: comment, p: previous = START, s: sourceId } = found;
  if (end !== undefined) return { id, previous, event: undefined, end, sourceId, bytes: 0 };
  const retry = r === undefined ? undefined : Number(r);
  const decoded =
    data === undefined
      ? // Some clients lose an id that comes without data.
        encodedEvent({ event, retry, comment })
      : encodedEvent({ id, event, retry, comment, data }, parse(data));
  const bytes = 64 + Buffer.byteLength(data ?? "") + Buffer.byteLength(comment ?? "");
  return { id, previous, event: decoded, end: undefined, sourceId, bytes };
}

/** Fields of an entry by name: `x` end, `e` event type, `d` data, `r` retry, `c` comment, `p` previous id, `s` source id. */
function readFields(fields: readonly string[]): Partial<Record<string, string>> {
  const found: Partial<Record<string, string>> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index];
    if (name !== undefined) found[name] = fields[index + 1];
  }
  return found;
}

function checkText(text: unknown): string {
  if (typeof text === "string") return text;
  throw new TypeError(`Cannot append event: \`serialize\` must return a string, got ${typeof text}`);
}
