/** Throws for anything in `options` that is not in `known`: a misspelt option would otherwise be ignored in silence. */
export function refuseUnknown(task: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${task}: options must be an object, got ${typeName(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(
        `${task}: unknown option \`${name}\`, known are ${known.map((each) => `\`${each}\``).join(", ")}`,
      );
    }
  }
}

/** The error for an option of the wrong type. */
export function wrongType(task: string, name: string, allowed: string, value: unknown): TypeError {
  return new TypeError(`${task}: option \`${name}\` must be ${allowed}, got ${typeName(value)}`);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
