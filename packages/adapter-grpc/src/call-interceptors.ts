import { InterceptingCall, type Interceptor, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { metadataProblem } from "./call-metadata.ts";
import { lateCall, type NextCall } from "./late-call.ts";

/** What the interceptors of a call become. */
export interface CallInterceptors {
  /** In the order of grpc-js: the first one is nearest to the caller. Empty when none were given. */
  readonly interceptors: Interceptor[];
  /** Releases what they have opened for a call whose message cannot be sent. */
  release(): void;
  /** The same for a call that nobody has got, as one of them threw: its status has no listener. */
  abandon(): void;
}

/**
 * Puts the interceptors of a call between two of our own, which keep what is promised for calls without any: a call that
 * fails before it has begun leaves nothing open, one that is cancelled ends, and no metadata gets past that would drop the
 * connection.
 */
export function callInterceptors(interceptors: readonly Interceptor[]): CallInterceptors {
  const opened: NextCall[] = [];
  let isStarted = false;
  let isAbandoned = false;
  if (interceptors.length === 0) return { interceptors: [], release: () => undefined, abandon: () => undefined };

  const outermost: Interceptor = (options, nextCall) => {
    let end: (received: StatusObject) => void = () => undefined;
    return new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        // An interceptor that answers by itself may do so before the caller has got its call, with no listener on it yet.
        end = (received) => process.nextTick(() => isAbandoned || listener.onReceiveStatus(received));
        next(metadata, { onReceiveStatus: end });
      },
      cancel(next) {
        next();
        if (!isStarted) end(failed(status.CANCELLED, "Cancelled on client"));
      },
    });
  };

  const innermost: Interceptor = (options, nextCall) => {
    const call = lateCall(() => nextCall(options));
    opened.push(call);
    return new InterceptingCall(call, {
      start(metadata, listener, next) {
        isStarted = true;
        const problem = metadataProblem(metadata);
        if (problem === undefined) next(metadata, listener);
        else listener.onReceiveStatus(failed(status.INTERNAL, problem));
      },
    });
  };

  function release(): void {
    // Not in this tick, see `cancelCall`.
    setImmediate(() => {
      for (const call of opened) call.cancelWithStatus(status.CANCELLED, "Given up");
    });
  }

  function abandon(): void {
    isAbandoned = true;
    release();
  }

  return { interceptors: [outermost, ...interceptors, innermost], release, abandon };
}

function failed(code: status, details: string): StatusObject {
  return { code, details, metadata: new Metadata() };
}
