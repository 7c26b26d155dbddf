/** Longer ids are not ours: no stream should make its clients send more than this with each request. */
const MAX_ID_BYTES = 1024;

/**
 * The id of the last event a client has seen: its `Last-Event-ID` header or, for clients that cannot set one, the query
 * parameter `lastEventId`. Ids of more than 1 KiB count as none.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header | HTML, Last-Event-ID}
 */
export function readLastEventId(request: Request): string | undefined {
  const header = request.headers.get("last-event-id");
  const id = header === null ? new URL(request.url).searchParams.get("lastEventId") : decodeUtf8(header);
  return id === null || new TextEncoder().encode(id).length > MAX_ID_BYTES ? undefined : id;
}

/** The header is UTF-8, but most runtimes read headers as Latin-1. What was decoded already is not UTF-8 once more. */
function decodeUtf8(header: string): string {
  const codes = Array.from(header, (character) => character.charCodeAt(0));
  if (codes.some((code) => code > 0xff)) return header;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(codes));
  } catch {
    return header;
  }
}
