// What @ssewire/core exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

export type AnyEvents = Record<string, unknown>;

export type CloseReason =
  | "completed"
  | "failed"
  | "cancelled"
  | "aborted"
  | "stalled"
  | "expired"
  | "drained"
  | "overflow";

export interface CloseReport {
  readonly reason: CloseReason;
  readonly durationMs: number;
  readonly events: number;
  readonly bytes: number;
  readonly error?: unknown;
}

export type DefaultType<Events extends object> = Extract<"message", EventType<Events>>;

export interface DrainOptions {
  timeoutMs?: number | undefined;
  retryMs?: readonly [min: number, max: number] | undefined;
}

export interface EventFields {
  event?: string | undefined;
  data?: string | undefined;
  id?: string | undefined;
  retry?: number | undefined;
  comment?: string | undefined;
}

export interface EventLog<Value = unknown> {
  append(value: Value | SseEvent): string | Promise<string>;
  end(failure?: { readonly error: unknown }): void | Promise<void>;
  read(options?: EventLogReadOptions): AsyncIterable<SseEvent>;
  lastSourceId(): string | undefined | Promise<string | undefined>;
  lead?(
    write: (context: { readonly signal: AbortSignal }) => Promise<void>,
    options: {
      readonly signal: AbortSignal;
    },
  ): Promise<boolean>;
}

export interface EventLogReadOptions {
  after?: string | undefined;
  signal?: AbortSignal | undefined;
  skipFailure?: boolean | undefined;
}

export interface EventStreamOptions<Value = unknown> {
  eventType?: string | undefined;
  id?: ((value: Value, index: number) => string) | undefined;
  serialize?: Serializer | undefined;
  heartbeatMs?: number | false | undefined;
  heartbeatComment?: string | undefined;
  retryMs?: number | undefined;
  openingMs?: number | false | undefined;
  padding?: number | undefined;
  signal?: AbortSignal | undefined;
  lastEventId?: string | undefined;
  formatError?: ((error: unknown) => unknown) | undefined;
  errorEvent?: string | undefined;
  endEvent?: SseEvent | undefined;
  stopReconnect?: boolean | undefined;
  maxAgeMs?: number | undefined;
  stallTimeoutMs?: number | false | undefined;
  highWaterMark?: number | undefined;
  onOpen?: ((opening: { readonly lastEventId: string | undefined }) => unknown) | undefined;
  onEvent?: ((event: SentEvent) => unknown) | undefined;
  onError?: ((error: unknown) => unknown) | undefined;
  onClose?: ((report: CloseReport) => unknown) | undefined;
  logger?: Logger | undefined;
}

export type EventType<Events extends object> = keyof Events & string;

export interface Logger {
  debug(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export declare class MemoryEventLog<Value = unknown> implements EventLog<Value> {
  #private;
  constructor(options?: MemoryEventLogOptions);
  append(value: Value | SseEvent): string;
  end(failure?: { readonly error: unknown }): void;
  read(options?: EventLogReadOptions): AsyncIterableIterator<SseEvent, undefined, undefined>;
  lastSourceId(): string | undefined;
}

export interface MemoryEventLogOptions {
  eventType?: string | undefined;
  serialize?: Serializer | undefined;
  maxEvents?: number | undefined;
  maxAgeMs?: number | undefined;
  maxBytes?: number | undefined;
  maxPendingEvents?: number | undefined;
  maxPendingBytes?: number | undefined;
  overflow?: OverflowPolicy | undefined;
  onDrop?: ((report: { readonly dropped: number }) => unknown) | undefined;
}

export declare class OverflowError extends Error {
  readonly name: string;
  readonly code: "OVERFLOW";
  readonly pendingEvents: number;
  constructor(pendingEvents: number);
}

export type OverflowPolicy =
  | "close"
  | "drop-oldest"
  | {
      readonly coalesce: (event: SseEvent) => string;
    };

export interface ResponseOptions<
  Value = unknown,
  EventType extends string = string,
  EndEvent extends SseEvent = SseEvent,
> extends EventStreamOptions<Value> {
  eventType?: EventType | undefined;
  endEvent?: EndEvent | undefined;
  headers?: HeadersInit | undefined;
  status?: number | undefined;
  request?: Request | undefined;
  openTimeoutMs?: number | undefined;
  onOpenError?: ((error: unknown) => Response | PromiseLike<Response>) | undefined;
}

export declare class SSEManager<Events extends object = AnyEvents> implements AsyncDisposable {
  #private;
  static createResponse<
    Events extends object = AnyEvents,
    const Type extends EventType<Events> = EventType<Events>,
    Value extends Events[Type] = Events[Type],
  >(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Response;
  static openResponse<
    Events extends object = AnyEvents,
    const Type extends EventType<Events> = EventType<Events>,
    Value extends Events[Type] = Events[Type],
  >(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Promise<Response>;
  constructor(defaults?: ResponseOptions<NoInfer<Events>[EventType<NoInfer<Events>>], EventType<NoInfer<Events>>>);
  createResponse<const Type extends EventType<Events> = DefaultType<Events>, Value extends Events[Type] = Events[Type]>(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Response;
  openResponse<const Type extends EventType<Events> = DefaultType<Events>, Value extends Events[Type] = Events[Type]>(
    source: StreamSource<Value | WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
    options?: Type | ResponseOptions<Value, Type, WholeEvent<NoInfer<Events>, NoInfer<Type>>>,
  ): Promise<Response>;
  get size(): number;
  drain(options?: DrainOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SentEvent {
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly data: unknown;
}

export type Serializer = {
  serialize(data: unknown): string;
}["serialize"];

export interface ShareSourceOptions<Value> {
  start: (
    key: string,
    context: SourceContext,
  ) => ValueIterable<Value | SseEvent> | PromiseLike<ValueIterable<Value | SseEvent>>;
  log: (key: string) => EventLog<Value>;
  graceMs?: number | undefined;
  onError?: ((error: unknown, key: string) => unknown) | undefined;
}

export interface SourceContext {
  readonly signal: AbortSignal;
  readonly lastEventId: string | undefined;
}

export interface SseEvent<Data = unknown, Type extends string | undefined = string | undefined>
  extends Readonly<Omit<SseFields, "event">> {
  readonly [brand]: true;
  readonly data: Data;
  readonly event: Type;
}

export interface SseFields<Type extends string = string> extends Omit<EventFields, "event" | "data"> {
  event?: Type | undefined;
}

export type StreamSource<Value> =
  | ValueIterable<Value>
  | PromiseLike<ValueIterable<Value>>
  | ((context: SourceContext) => ValueIterable<Value> | PromiseLike<ValueIterable<Value>>);

export type ValueIterable<Value> = AsyncIterable<Value> | Iterable<Value | PromiseLike<Value>> | ReadableStream<Value>;

export type WatchedSource = (context: SourceContext) => AsyncIterable<SseEvent>;

export type WholeEvent<Events extends object, Type extends EventType<Events>> =
  | SseEvent<Events[Type] | undefined, undefined>
  | {
      [Each in EventType<Events>]: SseEvent<Events[Each], Each>;
    }[EventType<Events>];

export declare function createEventStream<Value>(
  source: StreamSource<Value | SseEvent>,
  options?: EventStreamOptions<Value>,
): ReadableStream<Uint8Array<ArrayBuffer>>;

export declare function encodeEvent(fields: EventFields): string;

export declare function encodedEvent(fields: EventFields, data?: unknown): SseEvent;

export declare const errorData: unique symbol;

export declare function isSseEvent(value: unknown): value is SseEvent;

export declare function serializeJson(value: unknown): string;

export declare function shareSource<Value>(options: ShareSourceOptions<Value>): (key: string) => WatchedSource;

export declare function sse<Data>(data: Data, fields?: SseFields<never>): SseEvent<Data, undefined>;
export declare function sse<Data, const Type extends string>(
  data: Data,
  fields: SseFields<Type> & {
    event: Type;
  },
): SseEvent<Data, Type>;
export declare function sse<Data>(data: Data, fields?: SseFields): SseEvent<Data>;

// Not exported, but mentioned by what is:

declare const brand: unique symbol;

export {};
