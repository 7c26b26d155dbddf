import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** Bytes of what a page would load that uses `names` of core, minified and gzipped. */
async function sizeOf(names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${names} from "../packages/core/dist/index.js"`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

describe("@ssewire/core, minified and gzipped", () => {
  it("takes at most 7.1 KB for streams and responses", async () => {
    expect(await sizeOf("{ createEventStream, encodeEvent, errorData, SSEManager, sse }")).toBeLessThanOrEqual(7_100);
  });

  it("takes at most 10 KB for everything", async () => {
    expect(await sizeOf("*")).toBeLessThanOrEqual(10_000);
  });

  it("takes at most 0.7 KB for encodeEvent alone", async () => {
    expect(await sizeOf("{ encodeEvent }")).toBeLessThanOrEqual(700);
  });
});
