import { type ChannelCredentials, type ChannelOptions, Client } from "@grpc/grpc-js";

/** Where the calls of a client go. */
export interface ConnectionTarget {
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  /** How many calls a connection carries at the same time; `Infinity` for one connection that carries them all. */
  readonly maxCallsPerConnection: number;
}

/** The part of a grpc-js call the pool counts by. */
interface CountedCall {
  /** grpc-js emits it exactly once, last of all, however the call ends. */
  once(event: "status", listener: () => void): unknown;
}

interface Connection {
  readonly client: Client;
  openCalls: number;
}

/**
 * As many channels to one server as its calls need. A connection carries at most the server's MAX_CONCURRENT_STREAMS calls;
 * grpc-js queues further ones without a word, behind streams that may be open for hours.
 *
 * A call goes to the first channel that has room, so that later ones run empty when there are fewer calls. Those are kept:
 * grpc-js drops the connection of a channel without calls by itself (`grpc.client_idle_timeout_ms`, half an hour), an idle
 * channel costs little, and closing it at once would mean a TLS handshake per call while their number is about the limit.
 */
export class ConnectionPool {
  readonly #target: ConnectionTarget;
  readonly #connections: Connection[] = [];
  #isClosed = false;

  constructor(target: ConnectionTarget) {
    this.#target = target;
    // At once, as grpc-js checks the address here.
    this.#connect();
  }

  /** Makes a call on a connection with room, and counts it until it is over. */
  open<Call extends CountedCall>(action: string, start: (client: Client) => Call): Call {
    if (this.#isClosed) throw new Error(`Cannot ${action}: the client is closed`);
    const { maxCallsPerConnection } = this.#target;
    const connection = this.#connections.find(({ openCalls }) => openCalls < maxCallsPerConnection) ?? this.#connect();
    // Before the call is made: an interceptor may make one of its own in the meantime.
    connection.openCalls++;
    try {
      return countedUntilOver(start(connection.client), connection);
    } catch (error) {
      connection.openCalls--;
      throw error;
    }
  }

  /** Closes all connections, once the calls under way are over. */
  close(): void {
    this.#isClosed = true;
    for (const { client } of this.#connections.splice(0)) client.close();
  }

  #connect(): Connection {
    const { address, credentials, channelOptions, maxCallsPerConnection } = this.#target;
    const options = { ...channelOptions };
    // From the pool that all channels of a process share, the next channel would get the very same connection.
    if (maxCallsPerConnection !== Number.POSITIVE_INFINITY) options["grpc.use_local_subchannel_pool"] = 1;
    const connection = { client: new Client(address, credentials, options), openCalls: 0 };
    this.#connections.push(connection);
    return connection;
  }
}

function countedUntilOver<Call extends CountedCall>(call: Call, connection: Connection): Call {
  call.once("status", () => {
    connection.openCalls--;
  });
  return call;
}
