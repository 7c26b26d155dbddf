import { drainUpload } from "./drain-upload.ts";
import { isHttp2, type NodeResponse } from "./node-message.ts";
import { wrongType } from "./options-check.ts";
import { pumpStream } from "./pump-stream.ts";
import { pushBody, pushSourceOf } from "./push-body.ts";
import { isBodiless, setBodilessLength, setHead } from "./response-head.ts";
import { ResponseSink } from "./response-sink.ts";
import { reportError, type SendSettings } from "./send-options.ts";
import { noticeConnection, type ServerConnections } from "./server-connections.ts";

/** Takes over an error while the head is unsent, as the `next` of Express and Connect does. */
export type Next = (error?: unknown) => void;

/** Marks a response that is being answered: nobody else may write to it. */
const takenKey: unique symbol = Symbol("ssewire.taken");

type MarkedResponse = NodeResponse & { [takenKey]?: boolean };

/**
 * Answers with `answer`, or what it makes. Never rejects: a failure is told to `next` if there is one and nothing was
 * sent, else it goes to `onError` and becomes an empty 500 or a reset. Once the client has left failures are nobody's.
 *
 * No function that waits for the end of the body holds the Response: an event stream that is pushed needs it no more, and
 * it weighs as much as everything else that an idle one has.
 */
export function respond(
  answer: Response | (() => unknown),
  res: MarkedResponse,
  { onError, writeTimeoutMs }: SendSettings,
  next?: Next,
): Promise<void> {
  const report = (error: unknown): void => void reportError(onError, error);
  if (res[takenKey]) {
    const error = new Error("Cannot send response: another one was given to the same `res` before");
    if (isResponse(answer)) abandonBody(answer, error);
    report(error);
    return Promise.resolve();
  }
  res[takenKey] = true;
  const connections = noticeConnection(res);
  const sink = new ResponseSink(res, writeTimeoutMs);
  return finish(sendAnswer(answer, res, sink, report), res, sink, connections, report, next);
}

/** @returns Settles with the body; rejects with what went wrong, and then the body is let go. */
function sendAnswer(
  answer: Response | (() => unknown),
  res: NodeResponse,
  sink: ResponseSink,
  report: (error: unknown) => void,
): Promise<void> {
  const sendIt = (response: unknown): Promise<void> | undefined => {
    try {
      assertResponse(response);
      if (sink.closing.gone === undefined) return send(response, res, sink, report);
      cancelBody(response, sink.closing.gone, report);
      return undefined;
    } catch (error) {
      if (isResponse(response)) abandonBody(response, error);
      throw error;
    }
  };
  if (typeof answer === "function") return new Promise((resolve) => resolve(answer())).then(sendIt);
  return new Promise((resolve) => resolve(sendIt(answer)));
}

/** Sees the response to its end. */
async function finish(
  sending: Promise<void>,
  res: MarkedResponse,
  sink: ResponseSink,
  connections: ServerConnections | undefined,
  report: (error: unknown) => void,
  next: Next | undefined,
): Promise<void> {
  try {
    await sending;
    if (sink.open) sink.end();
  } catch (error) {
    if (sink.closing.gone === undefined) {
      if (next !== undefined && !res.headersSent) {
        res[takenKey] = false;
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

/** @returns Settles when the body was sent; nothing when there is none. */
function send(
  response: Response,
  res: NodeResponse,
  sink: ResponseSink,
  report: (error: unknown) => void,
): Promise<void> | undefined {
  if (res.headersSent) throw new Error("Cannot send response: another one has been sent, or begun");
  if (response.bodyUsed || response.body?.locked === true) {
    throw new TypeError("Cannot send response: its body has been read, or is being read");
  }
  setHead(res, response);
  const { body } = response;
  if (body === null || isBodiless(res, response)) {
    setBodilessLength(res);
    cancelBody(response, undefined, report);
    return undefined;
  }
  sink.flushHead();
  const source = pushSourceOf(body);
  if (source !== undefined) return pushBody(body, source, sink);
  return pumpStream(body, sink, report).catch((error: unknown) => {
    abandonBody(response, error);
    throw error;
  });
}

/** Lets the body of a response go that failed: the error is told elsewhere, and an errored body would only repeat it. */
function abandonBody(response: Response, error: unknown): void {
  cancelBody(response, error, () => undefined);
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
