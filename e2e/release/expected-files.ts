const always = ["LICENSE", "README.md", "package.json"];
const entry = (name: string): string[] => [`dist/${name}.d.ts`, `dist/${name}.js`, `dist/${name}.js.map`];

/** What is in the tarball of each package, by its folder; a star is the hash in the name of a chunk. */
export const expectedFiles: Readonly<Record<string, readonly string[]>> = {
  core: [...always, ...entry("index")],
  "adapter-grpc": [
    ...always,
    ...["index", "client", "protobuf"].flatMap(entry),
    // What the entries share.
    "dist/chunk-*.js",
    "dist/chunk-*.js",
    "dist/chunk-*.js.map",
    "dist/chunk-*.js.map",
    "dist/status-details-*.d.ts",
    // Of the code generated from Google's .proto files, as the Apache License asks.
    "NOTICE",
    "proto/google/LICENSE",
  ],
  "adapter-node": [...always, ...entry("index")],
  "adapter-redis": [...always, ...entry("index")],
};
