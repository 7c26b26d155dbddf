import type { ServerResponse } from "node:http";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { setImmediate } from "node:timers";
import { isChunked, toChunk } from "./chunked-coding.ts";
import { isNode } from "./is-node.ts";
import { isSocket } from "./is-socket.ts";
import { isHttp2, type NodeResponse } from "./node-message.ts";
import { closingOf, type ResponseClosing } from "./response-closing.ts";

/**
 * The writing side of one response, the same for HTTP/1 and HTTP/2: what a way of pumping a body needs to know.
 *
 * `write` answers whether more may follow at once; if not, `whenWritable` calls back. Whoever pumps looks at `open`
 * after each wait, since the client may have left.
 */
export class ResponseSink {
  readonly closing: ResponseClosing;
  /** Settles when the last byte was handed to the system, or the response closed before. */
  readonly finished: Promise<void>;
  readonly #res: NodeResponse;
  readonly #writable: Writable;
  readonly #writeTimeoutMs: number | false;
  #stallTimer: NodeJS.Timeout | undefined;
  #onWritable: (() => void) | undefined;
  #flush: (() => void) | undefined;
  #isChunked = false;
  /** What `closing` says, without asking it for every write. */
  #isClosed = false;

  constructor(res: NodeResponse, writeTimeoutMs: number | false) {
    this.#res = res;
    // Their own `write` signatures differ, the one they inherit does not.
    this.#writable = res;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.closing = closingOf(res);
    // Told of a write after somebody else's end; without a listener it would end the process.
    res.on("error", ignore);
    // One listener for good: compression() moves 'drain' listeners to a stream of its own, where they cannot be removed.
    res.on("drain", this.#resume);
    this.finished = new Promise((resolve) => {
      // The compatibility API of HTTP/2 tells 'finish' only once the request has ended too.
      const writable: Writable = isHttp2(res) ? res.stream : res;
      if (writable.writableFinished) resolve();
      writable.once("finish", () => {
        clearTimeout(this.#stallTimer);
        resolve();
      });
      this.closing.onClose(() => {
        this.#isClosed = true;
        this.#resume();
        resolve();
      });
    });
  }

  /** Whether bytes written now can reach the client. */
  get open(): boolean {
    return !this.#isClosed && !this.#res.writableEnded;
  }

  /** Sends the head, which does not wait for the first byte of the body: `EventSource` opens on it. */
  flushHead(): void {
    const res = this.#res;
    // On HTTP/1 `writeHead` only remembers; on HTTP/2 it sends.
    if (isHttp2(res)) res.writeHead(res.statusCode);
    else {
      corkBriefly(res);
      res.flushHeaders();
    }
    // Passes on what `compression()` holds back; exists on no plain response.
    if ("flush" in res && typeof res.flush === "function") this.#flush = res.flush.bind(res);
    this.#flush?.();
    this.#isChunked = this.#flush === undefined && isChunked(res);
  }

  /** Writes `chunk`, never an empty one, which would be the last; `false` means hold back until {@link whenWritable}. */
  write(chunk: Uint8Array): boolean {
    const ready = this.#isChunked ? this.#writeChunk(chunk) : this.#writable.write(chunk);
    this.#flush?.();
    if (!ready) this.#startStallTimer();
    return ready;
  }

  #writeChunk(bytes: Uint8Array): boolean {
    const { socket } = this.#res;
    // Queued behind another response of the same connection.
    if (socket === null) return this.#writable.write(bytes);
    if (socket.write(toChunk(bytes))) return true;
    socket.once("drain", this.#resume);
    return false;
  }

  /** Calls back once: when more may be written after a `false`, or when the response has closed. */
  whenWritable(callback: () => void): void {
    // A write may find the client gone, and then no 'drain' ever comes.
    if (this.open) this.#onWritable = callback;
    else callback();
  }

  /** Ends the response normally. */
  end(): void {
    this.#res.end();
    if (!this.closing.closed) this.#startStallTimer();
  }

  /**
   * Ends a response that cannot be completed, so that the client cannot take it for a whole one: an empty 500 while
   * the head is unsent, after that a reset, with nothing appended.
   */
  fail(): void {
    const res = this.#res;
    if (res.writableEnded || this.closing.closed) return;
    if (res.headersSent) {
      this.#reset(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    // Neither caching nor framing nor cookies of the failed response may go out with the error.
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.statusCode = 500;
    if (!isHttp2(res)) res.statusMessage = "";
    // Node no longer adds it by itself to a response from which one was removed.
    res.setHeader("content-length", "0");
    this.end();
  }

  readonly #resume = (): void => {
    clearTimeout(this.#stallTimer);
    const callback = this.#onWritable;
    this.#onWritable = undefined;
    callback?.();
  };

  #startStallTimer(): void {
    if (this.#writeTimeoutMs === false) return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      const res = this.#res;
      // Queued behind another response of the same connection, whose own timer watches the client.
      if (!isHttp2(res) && res.socket === null) return this.#startStallTimer();
      this.#reset(constants.NGHTTP2_CANCEL, `The client took nothing for ${this.#writeTimeoutMs} ms`);
    }, this.#writeTimeoutMs);
  }

  /** Cuts the response off: the stream on HTTP/2, the connection on HTTP/1, which has nothing smaller to cut. */
  #reset(http2Code: number, message?: string): void {
    const res = this.#res;
    this.closing.close(message);
    if (isHttp2(res)) res.stream.close(http2Code);
    else {
      // What was written last may still be held back, and would be lost.
      uncork(res.socket);
      // Without an error: with one the server would report it as the client's.
      res.destroy();
    }
  }
}

/**
 * Holds back what is written until the end of the next turn: the head, events that are ready, which gather until the end
 * of this one, and the end, if it comes as soon, are one system call. The end uncorks by itself; to do so again is nothing.
 */
function corkBriefly({ socket }: ServerResponse): void {
  if (!isNode || !isSocket(socket)) return;
  socket.cork();
  setImmediate(() => setImmediate(() => uncork(socket)));
}

function uncork(socket: Socket | null): void {
  if (isNode && isSocket(socket)) socket.uncork();
}

function ignore(): void {
  // See where it is registered.
}
