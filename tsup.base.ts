import type { Options } from "tsup";

/** The build of a published package: ESM and declarations, one file an entry. */
export const packageBuild = (...entry: string[]): Options => ({
  entry,
  format: "esm",
  target: "es2022",
  clean: true,
  sourcemap: true,
  // tsup's declaration build passes options that TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
});
