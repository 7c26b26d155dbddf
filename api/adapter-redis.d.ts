// What @ssewire/adapter-redis exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

import type { EventLog, EventLogReadOptions, OverflowPolicy, SseEvent } from "@ssewire/core";

export interface RedisClient {
  readonly options?:
    | {
        readonly socket?: object | undefined;
      }
    | undefined;
  sendCommand(args: readonly string[]): Promise<unknown>;
  duplicate(overrides: RedisClientOverrides): RedisClientCopy;
}

export interface RedisClientCopy {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly string[]): Promise<unknown>;
  on(event: "ready", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

export interface RedisClientOverrides {
  readonly socket: {
    readonly reconnectStrategy: (retries: number) => number;
    readonly socketTimeout: number;
  };
  readonly pingInterval: number;
  readonly disableOfflineQueue: true;
  readonly commandOptions: Record<string, never>;
}

export declare class RedisEventLog<Value = unknown> implements EventLog<Value> {
  #private;
  append(value: Value | SseEvent): Promise<string>;
  end(failure?: { readonly error: unknown }): Promise<void>;
  read(options?: EventLogReadOptions): AsyncIterableIterator<SseEvent, undefined, undefined>;
  lastSourceId(): Promise<string | undefined>;
  lead(
    write: (context: { readonly signal: AbortSignal }) => Promise<void>,
    options: {
      readonly signal: AbortSignal;
    },
  ): Promise<boolean>;
}

export declare class RedisEventLogError extends Error {
  readonly name: string;
  readonly code: RedisEventLogErrorCode;
  constructor(
    code: RedisEventLogErrorCode,
    message: string,
    options?: {
      readonly cause?: unknown;
    },
  );
}

export type RedisEventLogErrorCode = "LEASE_LOST" | "REDIS_UNAVAILABLE" | "REDIS_REFUSED" | "CLOSED";

export declare class RedisEventLogs implements AsyncDisposable {
  #private;
  constructor(options: RedisEventLogsOptions);
  log<Value = unknown>(key: string): RedisEventLog<Value>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RedisEventLogsOptions {
  client: RedisClient;
  prefix?: string | undefined;
  eventType?: string | undefined;
  serialize?:
    | {
        serialize(data: unknown): string;
      }["serialize"]
    | undefined;
  parse?: ((text: string) => unknown) | undefined;
  maxEvents?: number | undefined;
  maxAgeMs?: number | undefined;
  leaseMs?: number | undefined;
  appendTimeoutMs?: number | undefined;
  maxPendingAppends?: number | undefined;
  maxPendingEvents?: number | undefined;
  maxPendingBytes?: number | undefined;
  overflow?: OverflowPolicy | undefined;
  onDrop?: ((report: { readonly dropped: number }) => unknown) | undefined;
  onError?: ((error: unknown) => unknown) | undefined;
}
