import { describeValue } from "./describe-value.ts";

/** What an option may be, in words and as a test. */
export type Rule = readonly [allowed: string, accepts: (value: unknown) => boolean];

/** A rule for each option. */
export type Rules<Options> = { readonly [Key in keyof Options]-?: Rule };

/** The longest delay that timers take, in ms; with a longer one they fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

// The annotations let a bundler drop what is not used: it cannot know that these calls do nothing else.
const ofType = (type: string): Rule => [`a ${type}`, (value) => typeof value === type];

export const text: Rule = /* @__PURE__ */ ofType("string");
export const flag: Rule = /* @__PURE__ */ ofType("boolean");
export const callback: Rule = /* @__PURE__ */ ofType("function");

export const oneLine: Rule = [
  "a string, not empty and without line breaks",
  (value) => typeof value === "string" && /^[^\r\n]+$/.test(value),
];

export function integer(unit: string, min: number, max: number = Number.MAX_SAFE_INTEGER): Rule {
  const range = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `from ${min} to ${max}`;
  const isIn = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  return [`an integer ${range} (${unit})`, isIn];
}

export const delay: Rule = /* @__PURE__ */ integer("ms", 1, MAX_DELAY_MS);

export const delayOrFalse: Rule = /* @__PURE__ */ orFalse(delay);

function orFalse([allowed, accepts]: Rule): Rule {
  return [`${allowed}, or false`, (value) => value === false || accepts(value)];
}

/**
 * Checks each option against its rule; `undefined` stands for the default.
 *
 * @throws {TypeError} When `options` is no object, or an option is unknown or of the wrong type.
 * @throws {RangeError} When a number or a string is not among those allowed.
 */
export function checkOptions<Options extends object>(options: Options, rules: Rules<Options>): void {
  if (Object(options) !== options) throw new TypeError(`Options must be an object; got ${describeValue(options)}`);
  const known: Partial<Record<string, Rule>> = rules;
  for (const [name, value] of Object.entries(options)) {
    const [allowed, accepts] = (Object.hasOwn(known, name) ? known[name] : undefined) ?? unknownOption(name, rules);
    if (value === undefined || accepts(value)) continue;
    const message = `Option \`${name}\` must be ${allowed}; got ${describeValue(value)}`;
    const isOfThatType = allowed.startsWith(typeof value === "number" ? "an integer" : `a ${typeof value}`);
    throw isOfThatType ? new RangeError(message) : new TypeError(message);
  }
}

function unknownOption(name: string, rules: object): never {
  throw new TypeError(`Unknown option \`${name}\`; allowed are ${Object.keys(rules).join(", ")}`);
}

/** The options that were given: `undefined` stands for the default. */
export function withoutUndefined<Options extends object>(
  options: Options,
): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  const given = { ...options };
  for (const name in given) if (given[name] === undefined) delete given[name];
  // The compiler does not follow what the loop took away.
  return given as { [Key in keyof Options]: Exclude<Options[Key], undefined> };
}
