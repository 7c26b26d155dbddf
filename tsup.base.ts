import type { Options } from "tsup";

/**
 * The build of a published package: ESM and declarations, one file an entry.
 *
 * Its configuration is not called tsconfig.json: vitest would take that for the sources, and with it core as it was built,
 * while the tests have core's sources. (core itself imports none of the others.)
 */
export const packageBuild = (...entry: string[]): Options => ({
  entry,
  tsconfig: "tsconfig.build.json",
  format: "esm",
  target: "es2022",
  clean: true,
  sourcemap: true,
  // tsup's declaration build passes options that TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
});
