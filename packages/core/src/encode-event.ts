import { describeValue } from "./describe-value.ts";

/**
 * The fields of one block of an event stream.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream | HTML, event stream format}
 */
export interface EventFields {
  /** Event type: the name listeners subscribe to. Not empty, no line breaks. */
  event?: string | undefined;
  /** Text of the event; line breaks (CRLF, CR, LF) reach the reader as LF. */
  data?: string | undefined;
  /**
   * Last event ID: what the client sends back as `Last-Event-ID` when it reconnects. No line breaks, no U+0000. The
   * empty string is valid and resets it. Keep to printable ASCII: several clients cannot send anything else back.
   */
  id?: string | undefined;
  /** Reconnection time in milliseconds, an integer >= 0. */
  retry?: number | undefined;
  /** Ignored by every client; may hold line breaks. */
  comment?: string | undefined;
}

const LINE_BREAKS = /\r\n|\r|\n/g;

/**
 * Encodes one block of an event stream: comment, id, event, retry, data, then a blank line.
 *
 * Only the fields that were given are written. What comes out is read back unchanged by every conforming parser, but
 * for line breaks in `data` (they become LF) and lone surrogates (U+FFFD, as UTF-8 encoding makes of them). What could
 * not be read back is refused; nothing is repaired.
 *
 * @param fields - The fields to write, all optional.
 * @returns The block as text, line ends LF, ready to be encoded as UTF-8.
 * @throws {TypeError} When a field is of the wrong type.
 * @throws {RangeError} When `event` is empty or it or `id` holds a line break, `id` holds U+0000, or `retry` is not an
 * integer >= 0.
 * @example
 * ```ts
 * import { encodeEvent } from "@ssewire/core";
 *
 * encodeEvent({ event: "progress", data: '{"percent":50}', id: "7" });
 * // "id: 7\nevent: progress\ndata: {\"percent\":50}\n\n"
 * ```
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream | HTML, event stream format}
 */
export function encodeEvent(fields: EventFields): string {
  const { comment, id, event, retry, data } = fields;
  let frame = "";
  if (comment !== undefined) frame += commentLines(comment);
  if (id !== undefined) frame += `id: ${checkId(id)}\n`;
  if (event !== undefined) frame += `event: ${checkEventType(event)}\n`;
  if (retry !== undefined) frame += retryLine(retry);
  if (data !== undefined) frame += dataLines(data);
  return `${frame}\n`;
}

/** The `data` field, a line for each line of the text. */
export function dataLines(data: string): string {
  checkString("data", data);
  return `data: ${prefixLines(data)}\n`;
}

/** On long text, what looks for a single character costs a fraction of the regular expression. */
function prefixLines(data: string): string {
  if (data.includes("\r")) return data.replace(LINE_BREAKS, "\ndata: ");
  return data.includes("\n") ? data.replaceAll("\n", "\ndata: ") : data;
}

/** A comment, a line for each line of the text. */
export function commentLines(comment: string): string {
  checkString("comment", comment);
  return `: ${comment.replace(LINE_BREAKS, "\n: ")}\n`;
}

/** The `retry` field. */
export function retryLine(retry: number): string {
  return `retry: ${checkRetry(retry)}\n`;
}

/** The event type as given, or a throw that says why it cannot be one. */
function checkEventType(event: string): string {
  checkString("event", event);
  if (event === "") throw refusal("event", "is empty, which readers take for `message`");
  return checkSingleLine("event", event);
}

function checkId(id: string): string {
  checkString("id", id);
  // A conforming parser ignores the whole field.
  if (id.includes("\0")) throw refusal("id", "contains U+0000");
  return checkSingleLine("id", id);
}

function checkRetry(retry: number): number {
  if (typeof retry !== "number") throw wrongType("retry", "a number", retry);
  // Readers accept ASCII digits only; beyond 2^53 a number no longer prints as itself.
  if (!Number.isSafeInteger(retry) || retry < 0) throw refusal("retry", `is ${retry}, not an integer >= 0`);
  return retry;
}

function checkSingleLine(field: string, text: string): string {
  if (text.includes("\n") || text.includes("\r")) throw refusal(field, "contains a line break");
  return text;
}

function checkString(field: string, text: unknown): void {
  if (typeof text !== "string") throw wrongType(field, "a string", text);
}

function refusal(field: string, why: string): RangeError {
  return new RangeError(`Cannot encode event: \`${field}\` ${why}`);
}

function wrongType(field: string, expected: string, value: unknown): TypeError {
  return new TypeError(`Cannot encode event: \`${field}\` must be ${expected}; got ${describeValue(value)}`);
}
