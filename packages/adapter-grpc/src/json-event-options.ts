import type { DescMessage, MessageShape, Registry } from "@bufbuild/protobuf";
import { checkFunctions, checkOptions } from "./check-options.ts";
import { wrongType } from "./wrong-type.ts";

/** Options of `jsonEvent`. */
export interface JsonEventOptions<Schema extends DescMessage = DescMessage> {
  /**
   * Event type, or a function that gives the one of each message. Not empty, no line breaks.
   *
   * @defaultValue that of the stream
   */
  event?: string | ((message: MessageShape<Schema>) => string) | undefined;

  /**
   * Gives the id of each message's event, `undefined` for none.
   *
   * @defaultValue none
   */
  id?: ((message: MessageShape<Schema>) => string | undefined) | undefined;

  /**
   * Where the types are looked up that messages carry in a `google.protobuf.Any` or as extensions: `createRegistry(...)`
   * of `@bufbuild/protobuf`.
   *
   * @defaultValue none: a message with an Any that is set is an error
   */
  registry?: Registry | undefined;

  /**
   * Writes fields that have no presence also when they are 0, false or empty. The page need not know the defaults then,
   * and every event is longer.
   *
   * @defaultValue `false`
   */
  alwaysEmitImplicit?: boolean | undefined;

  /**
   * Writes field names as in the `.proto` file, `document_id`, in place of `documentId`. The result is typed `JsonValue`.
   *
   * @defaultValue `false`
   */
  useProtoFieldName?: boolean | undefined;

  /**
   * Writes enum values as numbers in place of names. The result is typed `JsonValue`.
   *
   * @defaultValue `false`
   */
  enumAsInteger?: boolean | undefined;
}

const OPTION_NAMES = ["event", "id", "registry", "alwaysEmitImplicit", "useProtoFieldName", "enumAsInteger"];

/** Throws a `TypeError` that names the option that is not what it must be. */
export function checkJsonEventOptions<Schema extends DescMessage>(
  action: string,
  options: JsonEventOptions<Schema>,
): void {
  checkOptions(action, options, OPTION_NAMES);
  const { event, id, registry, ...format } = options;
  if (event !== undefined && typeof event !== "function") {
    if (typeof event !== "string") throw wrongType(action, "event", "a string or a function", event);
    if (event === "" || /[\r\n]/.test(event)) {
      throw new TypeError(`Cannot ${action}: \`event\` must be an event type, not empty and without line breaks`);
    }
  }
  checkFunctions(action, { id });
  const isRegistry = typeof registry === "object" && registry !== null && registry.kind === "registry";
  if (registry !== undefined && !isRegistry) {
    throw wrongType(action, "registry", "a registry of @bufbuild/protobuf", registry);
  }
  for (const [name, value] of Object.entries(format)) {
    if (value !== undefined && typeof value !== "boolean") throw wrongType(action, name, "a boolean", value);
  }
}
