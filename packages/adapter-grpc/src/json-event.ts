import {
  createRegistry,
  type DescMessage,
  isMessage,
  type JsonValue,
  type MessageJsonType,
  type MessageShape,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { type SseEvent, sse } from "@ssewire/core";
import { checkJsonEventOptions, type JsonEventOptions } from "./json-event-options.ts";
import { wrongType } from "./wrong-type.ts";

/** What the transform of {@link jsonEvent} gives: the JSON value or, with `event` or `id`, an event with it. */
export type JsonEvent<Schema extends DescMessage, Options> =
  | (undefined extends OptionOf<Options, "event">
      ? undefined extends OptionOf<Options, "id">
        ? PlainJson<JsonOf<Schema, Options>>
        : never
      : never)
  | ([OptionOf<Options, "event" | "id">] extends [undefined]
      ? never
      : SseEvent<JsonOf<Schema, Options>, TypeOf<OptionOf<Options, "event">>>);

type OptionOf<Options, Name extends keyof JsonEventOptions> = Name extends keyof Options ? Options[Name] : undefined;

type JsonOf<Schema extends DescMessage, Options> = [OptionOf<Options, "useProtoFieldName" | "enumAsInteger">] extends [
  false | undefined,
]
  ? MessageJsonType<Schema>
  : JsonValue;

/** An array or `null` would mean several values or none to `grpcStreamToSse`. */
type PlainJson<Json> = Json extends null | readonly unknown[] ? SseEvent<Json, undefined> : Json;

type TypeOf<Event> = Event extends (message: never) => infer Type ? Type & string : Event & (string | undefined);

/**
 * A transform for `grpcStreamToSse` that gives each message as ProtoJSON: 64-bit integers are strings, bytes base64, enums
 * names, a Timestamp or Duration its text, NaN and infinities strings; fields are in lower camel case, and those that have
 * their default are left out.
 *
 * The result is typed as what the browser receives when the schema was generated with protoc-gen-es'
 * `json_types=true`, as `JsonValue` otherwise. With a literal `event` it fits the declared events of an `SSEManager`.
 *
 * @param schema - The schema of the messages, as protoc-gen-es 2 generates it.
 * @param options - `event`, `id`, `registry`, `alwaysEmitImplicit`, `useProtoFieldName`, `enumAsInteger`.
 * @returns A function that gives the JSON value of a message or, with `event` or `id`, an event made by core's `sse()`. It
 * throws a `TypeError` for a message of another type, and for an Any whose type `registry` does not have.
 * @throws {TypeError} When an argument is of the wrong type, or an option unknown.
 * @example
 * ```ts
 * import { credentials } from "@grpc/grpc-js";
 * import { grpcStreamToSse } from "@ssewire/adapter-grpc";
 * import { createGrpcClient } from "@ssewire/adapter-grpc/client";
 * import { jsonEvent } from "@ssewire/adapter-grpc/protobuf";
 * import { SSEManager } from "@ssewire/core";
 * import { DocumentService } from "./gen/documents_pb.js";
 *
 * const client = createGrpcClient(DocumentService, "localhost:50051", { credentials: credentials.createInsecure() });
 * const { output } = DocumentService.method.streamDocumentProgress;
 *
 * export const GET = (request: Request): Response =>
 *   SSEManager.createResponse(
 *     grpcStreamToSse(
 *       ({ signal }) => client.streamDocumentProgress({ documentId: "report" }, { signal }),
 *       jsonEvent(output, { event: "progress", alwaysEmitImplicit: true }),
 *     ),
 *     { request },
 *   );
 * ```
 * @see {@link https://protobuf.dev/programming-guides/json/ | ProtoJSON format}
 */
export function jsonEvent<
  Schema extends DescMessage,
  const Options extends JsonEventOptions<Schema> = Record<never, never>,
>(
  schema: Schema,
  options?: Options & JsonEventOptions<Schema>,
): (message: MessageShape<Schema>) => JsonEvent<Schema, Options> {
  checkSchema(schema);
  const action = `write ${schema.typeName} as JSON`;
  checkJsonEventOptions(action, options ?? {});
  const { event, id, registry = createRegistry(), ...format }: JsonEventOptions<Schema> = options ?? {};
  const { alwaysEmitImplicit = false, useProtoFieldName = false, enumAsInteger = false } = format;
  const writeOptions = { alwaysEmitImplicit, useProtoFieldName, enumAsInteger, registry: refusing(action, registry) };

  const write = (message: MessageShape<Schema>): JsonValue | SseEvent => {
    if (!isMessage(message, schema)) throw wrongMessage(action, message);
    const json = toJson(schema, message, writeOptions);
    if (event !== undefined || id !== undefined) {
      const type = typeof event === "function" ? checkText(action, "event()", event(message)) : event;
      const eventId = id?.(message);
      return sse(json, { event: type, id: eventId === undefined ? undefined : checkText(action, "id()", eventId) });
    }
    return json === null || Array.isArray(json) ? sse(json) : json;
  };
  // The options decide which; the compiler cannot follow a conditional type into a function.
  return write as (message: MessageShape<Schema>) => JsonEvent<Schema, Options>;
}

function checkSchema(schema: unknown): void {
  const isMessageSchema =
    typeof schema === "object" && schema !== null && "kind" in schema && schema.kind === "message";
  if (!isMessageSchema) {
    throw wrongType("write messages as JSON", "schema", "a message schema, as protoc-gen-es 2 generates them", schema);
  }
}

function checkText(action: string, name: string, text: unknown): string {
  if (typeof text !== "string") throw wrongType(action, name, "a string", text);
  return text;
}

function wrongMessage(action: string, message: unknown): TypeError {
  const expected = "one of that schema, made by protobuf-es";
  if (typeof message !== "object" || message === null) return wrongType(action, "message", expected, message);
  const got = "$typeName" in message ? `one of ${String(message.$typeName)}` : "an object without a `$typeName`";
  return new TypeError(`Cannot ${action}: \`message\` must be ${expected}, got ${got}`);
}

/** The same registry, except that it says which type it does not have. */
function refusing(action: string, registry: Registry): Registry {
  return {
    kind: "registry",
    [Symbol.iterator]: () => registry[Symbol.iterator](),
    get: (typeName) => registry.get(typeName),
    getMessage(typeName) {
      const schema = registry.getMessage(typeName);
      if (schema !== undefined) return schema;
      const reason = `\`registry\` does not have ${typeName}, the type of a google.protobuf.Any in the message`;
      throw new TypeError(`Cannot ${action}: ${reason}`);
    },
    getEnum: (typeName) => registry.getEnum(typeName),
    getExtension: (typeName) => registry.getExtension(typeName),
    getExtensionFor: (extendee, no) => registry.getExtensionFor(extendee, no),
    getService: (typeName) => registry.getService(typeName),
  };
}
