/**
 * What is needed of a client made by `createClient()` of `redis`, versions 5 and 6. It is never used itself, only
 * duplicated: it need not be connected, and its other commands do not wait for those of the logs.
 */
export interface RedisClient {
  readonly options?: { readonly socket?: object | undefined } | undefined;
  sendCommand(args: readonly string[]): Promise<unknown>;
  duplicate(overrides: RedisClientOverrides): RedisClientCopy;
}

/** What a copy has of its own; the rest, as address, TLS and credentials, is that of the client. */
export interface RedisClientOverrides {
  readonly socket: {
    readonly reconnectStrategy: (retries: number) => number;
    readonly socketTimeout: number;
  };
  readonly pingInterval: number;
  readonly disableOfflineQueue: true;
  readonly commandOptions: Record<string, never>;
}

/** A connection of the logs' own. */
export interface RedisClientCopy {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly string[]): Promise<unknown>;
  on(event: "ready", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
}
