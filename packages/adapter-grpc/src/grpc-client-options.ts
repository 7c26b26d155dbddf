import { ChannelCredentials, type ChannelOptions, type Interceptor } from "@grpc/grpc-js";
import { callMetadata, type GrpcMetadataInit } from "./call-metadata.ts";
import { type CallDefaults, checkInterceptors } from "./call-options.ts";
import { checkOptions } from "./check-options.ts";
import type { ConnectionTarget } from "./connection-pool.ts";
import { wrongType } from "./wrong-type.ts";

/** Options of `createGrpcClient`. */
export interface GrpcClientOptions {
  /** `credentials.createInsecure()`, `credentials.createSsl(...)` and so on, of `@grpc/grpc-js`. */
  credentials: ChannelCredentials;

  /**
   * Options of the grpc-js channel, such as `"grpc.max_receive_message_length"`. With
   * `"grpc.use_local_subchannel_pool": 1` the client has a connection of its own; grpc-js shares one among all clients of a
   * process that have the same address, credentials and options. Keys begin with `grpc.` or `grpc-node.`.
   *
   * @defaultValue keepalive every 310 000 ms while there are calls, with a timeout of 20 000 ms
   */
  channelOptions?: ChannelOptions | undefined;

  /**
   * How many calls one connection carries at the same time, at least 1. When all are full, the next call opens another
   * connection; one that runs empty is kept until grpc-js drops it (`"grpc.client_idle_timeout_ms"`). At most what the
   * server permits as MAX_CONCURRENT_STREAMS, often 100 or 128: calls beyond that wait, silently, until another one ends,
   * and a Node server from 22 on often refuses them even then, as it counts streams that have just ended: stay a little
   * below. The connections are the client's own.
   *
   * @defaultValue none: all calls share one connection
   */
  maxCallsPerConnection?: number | undefined;

  /**
   * Sent with every call, such as `{ "dapr-app-id": "documents" }`; a function is called for each call, for tokens that
   * expire. A key that a call gives itself is replaced.
   *
   * @defaultValue none
   */
  metadata?: GrpcMetadataInit | (() => GrpcMetadataInit) | undefined;

  /**
   * Client interceptors of grpc-js, the first one nearest to the caller. They see messages, not bytes. A call that is given
   * interceptors of its own uses those instead.
   *
   * @defaultValue none
   */
  interceptors?: readonly Interceptor[] | undefined;
}

/** {@link GrpcClientOptions}, checked and filled in. */
export interface ResolvedClientOptions {
  readonly target: ConnectionTarget;
  readonly defaults: CallDefaults;
}

/**
 * A long stream may say nothing for hours, and when its peer is gone without a word (a NAT that forgot, a power cut) only
 * a ping finds out: without one, grpc-js waits for ever. Servers made with gRPC's C++, Go and Java libraries close a
 * connection on which pings come more often than every five minutes, with all its streams; ours come a little later than
 * that, and just before the 350 s after which some load balancers forget. Where the server permits it, set
 * `grpc.keepalive_time_ms` lower. (A grpc-js server tolerates any pace.)
 */
const KEEPALIVE: ChannelOptions = {
  "grpc.keepalive_time_ms": 310_000,
  "grpc.keepalive_timeout_ms": 20_000,
};

/** Checks address and options of a client. */
export function resolveClientOptions(
  action: string,
  address: string,
  options: GrpcClientOptions,
): ResolvedClientOptions {
  checkAddress(action, address);
  checkOptions(action, options, ["credentials", "channelOptions", "maxCallsPerConnection", "metadata", "interceptors"]);
  const { credentials, channelOptions = {}, metadata, interceptors = [] } = options;
  const { maxCallsPerConnection = Number.POSITIVE_INFINITY } = options;
  if (!(credentials instanceof ChannelCredentials)) {
    throw wrongType(action, "credentials", "ChannelCredentials of @grpc/grpc-js", credentials);
  }
  checkChannelOptions(action, channelOptions);
  checkMaxCalls(action, maxCallsPerConnection);
  if (typeof metadata !== "function") callMetadata(action, metadata);
  checkInterceptors(action, interceptors);
  return {
    target: { address, credentials, channelOptions: { ...KEEPALIVE, ...channelOptions }, maxCallsPerConnection },
    defaults: { metadata: typeof metadata === "function" ? metadata : () => metadata, interceptors },
  };
}

function checkAddress(action: string, address: unknown): void {
  if (typeof address !== "string") throw wrongType(action, "address", "a string", address);
  if (address === "") throw new TypeError(`Cannot ${action}: \`address\` is empty`);
  // grpc-js would look up a host of that name.
  if (/^https?:/i.test(address)) {
    throw new TypeError(`Cannot ${action}: \`address\` is a URL, \`${address}\`; give "host:port" or a gRPC target`);
  }
}

/** grpc-js ignores keys it does not know, but for a few of its `Client`, which would bypass what is done here. */
function checkChannelOptions(action: string, channelOptions: unknown): void {
  if (typeof channelOptions !== "object" || channelOptions === null) {
    throw wrongType(action, "channelOptions", "an object", channelOptions);
  }
  const wrong = Object.keys(channelOptions).find((key) => !/^grpc(-node)?\./.test(key));
  if (wrong !== undefined) {
    throw new TypeError(
      `Cannot ${action}: \`${wrong}\` in \`channelOptions\` is no channel option, which begin with \`grpc.\` or \`grpc-node.\``,
    );
  }
}

function checkMaxCalls(action: string, maxCalls: unknown): void {
  if (typeof maxCalls !== "number") throw wrongType(action, "maxCallsPerConnection", "a number", maxCalls);
  if (maxCalls === Number.POSITIVE_INFINITY || (Number.isSafeInteger(maxCalls) && maxCalls >= 1)) return;
  throw new RangeError(`Cannot ${action}: \`maxCallsPerConnection\` must be an integer of at least 1, got ${maxCalls}`);
}
