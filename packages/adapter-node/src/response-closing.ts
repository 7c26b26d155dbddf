import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isSocket } from "./is-socket.ts";
import { isHttp2, type NodeResponse } from "./node-message.ts";

/** Called once; with the shared AbortError when the response had not been ended, else with `undefined`. */
export type ClosingListener = (gone: DOMException | undefined) => void;

/**
 * The one place that knows when a response can take no more bytes, and whether it was complete by then.
 *
 * Two states: open, then closed, for good. Whoever comes first decides: `req` 'aborted', the first to know of a reset
 * or half close but silent once a body was read; `res` 'close'; a queued response's socket; or {@link close}. Never
 * `req` 'close': for a request whose body was read it fires at once.
 *
 * `gone` is the single AbortError of the exchange: the reason of `request.signal` and of the body's cancellation.
 */
export class ResponseClosing {
  /** Set when the response was closed before its end, be it by the client, the network or a time limit. */
  gone: DOMException | undefined;
  closed = false;
  readonly #res: NodeResponse;
  /** Each with what is held for it. */
  readonly #listeners = new Map<ClosingListener, object | undefined>();

  constructor(res: NodeResponse) {
    this.#res = res;
    const close = (): void => this.close();
    res.once("close", close);
    res.req.once("aborted", close);
    if (!isHttp2(res)) {
      const { socket } = res.req;
      if (isSocket(socket) && needsSocket(res)) res.once("close", onSocketEnd(socket, close));
    }
    if (isAlreadyClosed(res)) this.close();
  }

  /**
   * Runs `listener` at the closing, or now if that was before; in order of registration. Returns what takes it off.
   *
   * @param held - What must not be collected before.
   */
  onClose(listener: ClosingListener, held?: object): () => void {
    if (this.closed) listener(this.gone);
    else this.#listeners.set(listener, held);
    return () => this.#listeners.delete(listener);
  }

  /** Closes by hand; `message` becomes that of the AbortError if the response was not complete. */
  close(message = "The connection was closed before the response was complete"): void {
    if (this.closed) return;
    this.closed = true;
    // Not `writableFinished`: HTTP/2 sets it for a cancelled stream too.
    if (!this.#res.writableEnded) this.gone = new DOMException(message, "AbortError");
    for (const listener of this.#listeners.keys()) listener(this.gone);
    this.#listeners.clear();
  }
}

/** A property of the response and no WeakMap, which the garbage collector pays for: decision 016. */
const closingKey: unique symbol = Symbol("ssewire.closing");

/** The closing of `res`: one per response, so that its signal and its body share one reason, the signal first. */
export function closingOf(res: NodeResponse & { [closingKey]?: ResponseClosing }): ResponseClosing {
  res[closingKey] ??= new ResponseClosing(res);
  return res[closingKey];
}

/** Whether the events were missed: the client may be gone before anybody asks. */
function isAlreadyClosed(res: NodeResponse): boolean {
  if (isHttp2(res)) return res.stream.destroyed;
  const { socket } = res.req;
  return res.destroyed || res.req.aborted || (isSocket(socket) && socket.destroyed);
}

/**
 * Whether only the socket tells of a client that leaves: a pipelined response that waits for its turn never hears of it
 * on Node 20 and 22, and a request whose body was read hears of no half close while the client does not read.
 */
function needsSocket(res: ServerResponse): boolean {
  const { "content-length": length, "transfer-encoding": coding } = res.req.headers;
  return res.socket === null || length !== undefined || coding !== undefined;
}

const socketListeners = new WeakMap<Socket, Set<() => void>>();

/** Runs `listener` when `socket` ends or closes, through one real listener however many responses are queued on it. */
function onSocketEnd(socket: Socket, listener: () => void): () => void {
  let listeners = socketListeners.get(socket);
  if (listeners === undefined) {
    const added = new Set<() => void>();
    const tell = (): void => {
      for (const each of added) each();
    };
    socketListeners.set(socket, added);
    socket.once("end", tell).once("close", tell);
    listeners = added;
  }
  listeners.add(listener);
  const registered = listeners;
  return () => registered.delete(listener);
}

/** Whether responses are being sent, or wait for their turn, through `socket`, as far as only it tells of their end. */
export function hasQueued(socket: Socket): boolean {
  return (socketListeners.get(socket)?.size ?? 0) > 0;
}
