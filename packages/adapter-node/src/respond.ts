import { drainUpload } from "./drain-upload.ts";
import { isHttp2, type NodeResponse } from "./node-message.ts";
import { wrongType } from "./options-check.ts";
import { pumpStream } from "./pump-stream.ts";
import { pushBody, pushSourceOf } from "./push-body.ts";
import { isBodiless, setBodilessLength, setHead } from "./response-head.ts";
import { ResponseSink } from "./response-sink.ts";
import { reportError, type SendSettings } from "./send-options.ts";
import { noticeConnection } from "./server-connections.ts";

/** Takes over an error while the head is unsent, as the `next` of Express and Connect does. */
export type Next = (error?: unknown) => void;

/** The responses that are being answered: nobody else may write to them. */
const taken = new WeakSet<NodeResponse>();

/**
 * Answers with `answer`, or what it makes. Never rejects: a failure is told to `next` if there is one and nothing was
 * sent, else it goes to `onError` and becomes an empty 500 or a reset. Once the client has left failures are nobody's.
 */
export async function respond(
  answer: Response | (() => unknown),
  res: NodeResponse,
  { onError, writeTimeoutMs }: SendSettings,
  next?: Next,
): Promise<void> {
  const report = (error: unknown): void => void reportError(onError, error);
  if (taken.has(res)) {
    const error = new Error("Cannot send response: another one was given to the same `res` before");
    if (isResponse(answer)) cancelBody(answer, error, () => undefined);
    return report(error);
  }
  taken.add(res);
  const connections = noticeConnection(res);
  const sink = new ResponseSink(res, writeTimeoutMs);
  let response: unknown;
  try {
    response = typeof answer === "function" ? await answer() : answer;
    assertResponse(response);
    if (sink.closing.gone !== undefined) cancelBody(response, sink.closing.gone, report);
    else await send(response, res, sink, report);
  } catch (error) {
    // The error is told below, and an errored body would only reject with it again.
    if (isResponse(response)) cancelBody(response, error, () => undefined);
    if (sink.closing.gone === undefined) {
      if (next !== undefined && !res.headersSent) {
        taken.delete(res);
        return next(error);
      }
      report(error);
      sink.fail();
    }
  }
  if (res.writableLength > 0) connections?.addFlushing(sink.finished);
  await sink.finished;
  if (sink.closing.gone !== undefined) return;
  drainUpload(res);
  if (!isHttp2(res)) connections?.afterResponse?.(res.req);
}

async function send(
  response: Response,
  res: NodeResponse,
  sink: ResponseSink,
  report: (error: unknown) => void,
): Promise<void> {
  if (res.headersSent) throw new Error("Cannot send response: another one has been sent, or begun");
  if (response.bodyUsed || response.body?.locked === true) {
    throw new TypeError("Cannot send response: its body has been read, or is being read");
  }
  setHead(res, response);
  if (response.body === null || isBodiless(res, response)) {
    setBodilessLength(res);
    cancelBody(response, undefined, report);
  } else {
    sink.flushHead();
    const source = pushSourceOf(response.body);
    if (source === undefined) await pumpStream(response.body, sink, report);
    else await pushBody(response.body, source, sink);
  }
  if (sink.open) sink.end();
}

/** Lets a body go that will not be sent. Not waited for: its source may be parked in an `await`. */
function cancelBody({ body }: Response, reason: unknown, onError: (error: unknown) => void): void {
  // A locked one belongs to somebody else.
  if (body !== null && !body.locked) body.cancel(reason).catch(onError);
}

function assertResponse(value: unknown): asserts value is Response {
  if (!isResponse(value)) {
    throw wrongType("Cannot send response", "response", "a Response with a ReadableStream or null as body", value);
  }
}

/** By shape: frameworks and polyfills bring Response classes of their own. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    typeof value.status === "number" &&
    "headers" in value &&
    typeof value.headers === "object" &&
    value.headers !== null &&
    Symbol.iterator in value.headers &&
    "body" in value &&
    (value.body === null || (typeof value.body === "object" && value.body !== undefined && "getReader" in value.body))
  );
}
