import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** What a user can import of a package: `@ssewire/adapter-grpc/client`, for example. */
export interface Entry {
  readonly specifier: string;
  /** The file that it is built from, and the declarations that it is built to. */
  readonly source: string;
  readonly declarations: string;
}

export interface PublishedPackage {
  /** Below `packages`. */
  readonly folder: string;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly entries: readonly Entry[];
}

/** What the tests want to know of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  readonly publishConfig: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export const publishedPackages: readonly PublishedPackage[] = readdirSync(join(root, "packages")).map((folder) => {
  const directory = join(root, "packages", folder);
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const entries = Object.entries(manifest.exports).flatMap(([path, target]): Entry[] => {
    if (typeof target === "string") return [];
    const source = target.types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts");
    const specifier = join(manifest.name, path);
    return [{ specifier, source: join(directory, source), declarations: join(directory, target.types) }];
  });
  return { folder, directory, manifest, entries };
});
