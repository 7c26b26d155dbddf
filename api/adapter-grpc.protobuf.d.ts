// What @ssewire/adapter-grpc/protobuf exports, as e2e/api.test.ts writes it.

// biome-ignore-all lint: what it is about is in the sources.

import type { DescMessage, JsonValue, MessageJsonType, MessageShape, Registry } from "@bufbuild/protobuf";
import type { DurationJson } from "@bufbuild/protobuf/wkt";
import type { SseEvent } from "@ssewire/core";

export type BadRequestJson = {
  fieldViolations?: BadRequest_FieldViolationJson[];
};

export type ErrorInfoJson = {
  reason?: string;
  domain?: string;
  metadata?: {
    [key: string]: string;
  };
};

export type JsonEvent<Schema extends DescMessage, Options> =
  | (undefined extends OptionOf<Options, "event">
      ? undefined extends OptionOf<Options, "id">
        ? PlainJson<JsonOf<Schema, Options>>
        : never
      : never)
  | ([OptionOf<Options, "event" | "id">] extends [undefined]
      ? never
      : SseEvent<JsonOf<Schema, Options>, TypeOf<OptionOf<Options, "event">>>);

export interface JsonEventOptions<Schema extends DescMessage = DescMessage> {
  event?: string | ((message: MessageShape<Schema>) => string) | undefined;
  id?: ((message: MessageShape<Schema>) => string | undefined) | undefined;
  registry?: Registry | undefined;
  alwaysEmitImplicit?: boolean | undefined;
  useProtoFieldName?: boolean | undefined;
  enumAsInteger?: boolean | undefined;
}

export type LocalizedMessageJson = {
  locale?: string;
  message?: string;
};

export type RetryInfoJson = {
  retryDelay?: DurationJson;
};

export interface StatusDetails {
  readonly badRequest?: BadRequestJson;
  readonly errorInfo?: ErrorInfoJson;
  readonly retryInfo?: RetryInfoJson;
  readonly localizedMessage?: LocalizedMessageJson;
}

export declare function decodeStatusDetails(
  error:
    | Error
    | {
        readonly statusDetails: readonly GrpcStatusDetail[];
      },
): StatusDetails;

export declare function jsonEvent<
  Schema extends DescMessage,
  const Options extends JsonEventOptions<Schema> = Record<never, never>,
>(
  schema: Schema,
  options?: Options & JsonEventOptions<Schema>,
): (message: MessageShape<Schema>) => JsonEvent<Schema, Options>;

// Not exported, but mentioned by what is:

type BadRequest_FieldViolationJson = {
  field?: string;
  description?: string;
  reason?: string;
  localizedMessage?: LocalizedMessageJson;
};

interface GrpcStatusDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

type JsonOf<Schema extends DescMessage, Options> = [OptionOf<Options, "useProtoFieldName" | "enumAsInteger">] extends [
  false | undefined,
]
  ? MessageJsonType<Schema>
  : JsonValue;

type OptionOf<Options, Name extends keyof JsonEventOptions> = Name extends keyof Options ? Options[Name] : undefined;

type PlainJson<Json> = Json extends null | readonly unknown[] ? SseEvent<Json, undefined> : Json;

type TypeOf<Event> = Event extends (message: never) => infer Type ? Type & string : Event & (string | undefined);

export {};
