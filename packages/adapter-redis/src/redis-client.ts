/**
 * What is needed of a client made by `createClient()` of `redis`, versions 5 and 6. It is never used itself, only
 * duplicated: it need not be connected, and its other commands do not wait for those of the logs.
 */
export interface RedisClient {
  /** What the client was made with; of `socket`, the copies take everything but what {@link RedisClientOverrides} has. */
  readonly options?: { readonly socket?: object | undefined } | undefined;
  /** Sends a command. It is only there to tell such a client from others. */
  sendCommand(args: readonly string[]): Promise<unknown>;
  /** Makes a client with the same options, but for these, and a connection of its own. */
  duplicate(overrides: RedisClientOverrides): RedisClientCopy;
}

/** What a copy has of its own; the rest, as address, TLS and credentials, is that of the client. */
export interface RedisClientOverrides {
  /** How the connection is made again when it is lost, and after how many ms of silence it counts as lost. */
  readonly socket: {
    readonly reconnectStrategy: (retries: number) => number;
    readonly socketTimeout: number;
  };
  /** How often a PING keeps the connection from being silent, in ms. */
  readonly pingInterval: number;
  /** Commands fail at once without a connection: the logs do the waiting. */
  readonly disableOfflineQueue: true;
  /** None: type mappings of the client are not for the logs. */
  readonly commandOptions: Record<string, never>;
}

/** A connection of the logs' own. */
export interface RedisClientCopy {
  /** Whether commands can be sent. */
  readonly isReady: boolean;
  /** Connects, and goes on trying. */
  connect(): Promise<unknown>;
  /** Closes the connection at once; commands that wait for an answer are rejected. */
  destroy(): void;
  /** Sends a command and resolves to its answer. */
  sendCommand(args: readonly string[]): Promise<unknown>;
  /** Adds a listener. */
  on(event: "ready", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
}
