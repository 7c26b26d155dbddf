import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A library that was broken on purpose: what is replaced in the built file of a package. */
export interface Mutation {
  /** For a folder. */
  readonly name: string;
  readonly package: "core" | "adapter-node";
  /** Text of `packages/<package>/dist/index.js`, there exactly once, and what takes its place. */
  readonly replacements: readonly (readonly [text: string, replacement: string])[];
}

/**
 * Bundles a host with the built packages, as a user's bundler would find them: through `node_modules`.
 *
 * @param entry - The name of a file in `hosts/`.
 * @returns The path of the file to run.
 * @throws {Error} When the bundle has anything of the packages' sources, or a text to replace is not there once.
 */
export async function bundleHost(entry: string, mutation?: Mutation): Promise<string> {
  // Below node_modules, where everything ignores it.
  const folder = join(root, "node_modules/.conformance", mutation?.name ?? "library");
  const file = join(folder, `${entry}.mjs`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`e2e/conformance/hosts/${entry}.ts`],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    // That of the workspace leads to the sources.
    tsconfigRaw: "{}",
    metafile: true,
    logLevel: "silent",
    plugins: mutation ? [mutate(mutation)] : [],
  });
  const inputs = Object.keys(metafile.inputs).filter((input) => input.startsWith("packages/"));
  if (!inputs.includes("packages/core/dist/index.js") || inputs.some((input) => !input.includes("/dist/"))) {
    throw new Error(`Cannot bundle host: built packages must be all it has of them, got ${inputs.join(", ")}`);
  }
  await mkdir(folder, { recursive: true });
  if (entry === "workerd") {
    const config = join(folder, "workerd.capnp");
    await copyFile(join(root, "e2e/conformance/hosts/workerd.capnp"), config);
    return config;
  }
  return file;
}

function mutate({ package: name, replacements }: Mutation): Plugin {
  return {
    name: "mutate",
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`/packages/${name}/dist/index\\.js$`) }, async ({ path }) => {
        let contents = await readFile(path, "utf8");
        for (const [text, replacement] of replacements) {
          const parts = contents.split(text);
          if (parts.length !== 2)
            throw new Error(
              `Cannot mutate ${name}: ${JSON.stringify(text)} is there ${parts.length - 1} times, not once`,
            );
          contents = parts.join(replacement);
        }
        return { contents, loader: "js" };
      });
    },
  };
}
