import { readFileSync } from "node:fs";

/** What to look for in a configuration, and what to put in place of each occurrence. */
export type ConfigChange = readonly [from: string, to: string];

const guide = readFileSync(new URL("../../docs/guides/proxies.md", import.meta.url), "utf8");

/**
 * A configuration as docs/guides/proxies.md shows it: its block in this language, with what has to be different here.
 *
 * @throws {Error} When there is no such block, or a change finds nothing: then the guide is another.
 */
export function guideConfig(language: string, changes: readonly ConfigChange[]): string {
  const config = guide.split(`\n\`\`\`${language}\n`)[1]?.split("\n```")[0];
  if (config === undefined) throw new Error(`The guide has no block in ${language}`);
  return `${changeConfig(config, changes)}\n`;
}

/** @throws {Error} When a change finds nothing. */
export function changeConfig(config: string, changes: readonly ConfigChange[]): string {
  return changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`There is no ${from} in:\n${config}`);
    return changed.replaceAll(from, () => to);
  }, config);
}
