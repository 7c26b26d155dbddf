import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** The packages that an entry imports at run time. */
async function importsOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    packages: "external",
    tsconfigRaw: {},
    format: "esm",
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return [...new Set(imports)].sort();
}

describe("the entries of the package", () => {
  it("the main one imports core and nothing else", async () => {
    expect(await importsOf("index.ts")).toEqual(["@ssewire/core"]);
  });

  it("./protobuf imports protobuf-es, and not grpc-js", async () => {
    expect(await importsOf("protobuf.ts")).toEqual([
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/codegenv2",
      "@bufbuild/protobuf/wkt",
      "@ssewire/core",
    ]);
  });
});
