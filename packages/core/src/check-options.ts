import { describeValue } from "./describe-value.ts";

/** What an option may be, in words and as a test. */
export type Rule = readonly [allowed: string, accepts: (value: unknown) => boolean];

/** A rule for each option. */
export type Rules<Options> = { readonly [Key in keyof Options]-?: Rule };

/** The longest delay that timers take, in ms; with a longer one they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const text: Rule = ["a string", (value) => typeof value === "string"];

export const oneLine: Rule = [
  "a string, not empty and without line breaks",
  (value) => typeof value === "string" && value !== "" && !/[\r\n]/.test(value),
];

export const callback: Rule = ["a function", (value) => typeof value === "function"];

export const delay: Rule = [
  `an integer from 1 to ${MAX_DELAY_MS} (ms)`,
  (value) => integer(1, "ms")[1](value) && Number(value) <= MAX_DELAY_MS,
];

export function integer(min: number, unit: string): Rule {
  return [
    `an integer >= ${min} (${unit})`,
    (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= min,
  ];
}

export function orFalse([allowed, accepts]: Rule): Rule {
  return [`${allowed}, or false`, (value) => value === false || accepts(value)];
}

/**
 * Checks each option against its rule; `undefined` stands for the default.
 *
 * @throws {TypeError} When `options` is no object, or an option is unknown or of the wrong type.
 * @throws {RangeError} When a number or a string is not among those allowed.
 */
export function checkOptions<Options extends object>(options: Options, rules: Rules<Options>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Options must be an object; got ${describeValue(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined;
    if (rule === undefined) {
      throw new TypeError(`Unknown option \`${name}\`; allowed are ${Object.keys(rules).join(", ")}`);
    }
    const [allowed, accepts] = rule;
    if (value !== undefined && !accepts(value)) {
      const sameType = allowed.startsWith(typeof value === "number" ? "an integer" : `a ${typeof value}`);
      const message = `Option \`${name}\` must be ${allowed}; got ${describeValue(value)}`;
      throw sameType ? new RangeError(message) : new TypeError(message);
    }
  }
}
