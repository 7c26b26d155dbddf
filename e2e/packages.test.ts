import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Manifest, publishedPackages, root } from "./published-packages.ts";
import { consumer } from "./release/consumer.ts";
import { expectedFiles } from "./release/expected-files.ts";
import { packPackages } from "./release/pack-packages.ts";
import { runCommand as run } from "./release/run-command.ts";

const bin = (name: string): string => join(root, "node_modules/.bin", name);
const names = publishedPackages.map(({ folder }) => folder);
const peers = ["@grpc/grpc-js", "@bufbuild/protobuf"];

describe("the packages, packed and installed into an empty project", () => {
  let folder = "";
  let tarballs: ReadonlyMap<string, string> = new Map();
  const tarball = (name: string): string => tarballs.get(name) ?? "";
  const installed = (name: string): string => join(folder, "node_modules/@ssewire", name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssewire-packages-"));
    tarballs = await packPackages(names, folder);
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const manifest = await readFile(join(root, "pnpm-workspace.yaml"), "utf8");
    const withVersion = (name: string): string => `${name}@${new RegExp(`"${name}": (\\S+)`).exec(manifest)?.[1]}`;
    const { devDependencies } = JSON.parse(await readFile(join(root, "packages/adapter-redis/package.json"), "utf8"));
    const packages = [...tarballs.values(), ...peers.map(withVersion), `redis@${devDependencies.redis}`];
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], folder);
    await writeFile(join(folder, "consumer.ts"), consumer);
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(names)("%s has nothing for publint to say", async (name) => {
    const { messages, pkg } = await publint({ pack: { tarball: await toArrayBuffer(tarball(name)) }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it.each(names)("%s has the types it says, as Are The Types Wrong sees them", async (name) => {
    const report = await run(bin("attw"), [tarball(name), "--profile", "esm-only", "--format", "json"], folder);
    expect(JSON.parse(report)).not.toHaveProperty("problems.0");
  });

  it.each(publishedPackages)(
    "$folder has what it should have in it, and nothing else",
    async ({ folder, directory }) => {
      const files = await filesOf(installed(folder));
      const withoutHashes = files.map((file) => file.replace(/-[\w-]{8}(?=\.(?:d\.ts|js))/, "-*"));
      const changelog = existsSync(join(directory, "CHANGELOG.md")) ? ["CHANGELOG.md"] : [];
      expect(withoutHashes.sort()).toEqual([...(expectedFiles[folder] ?? []), ...changelog].sort());
      expect(await readFile(join(installed(folder), "dist/index.d.ts"), "utf8")).toContain("@example");
    },
  );

  it.each(names)("%s has maps that need no file and tell no path but those below src", async (name) => {
    const maps = (await filesOf(installed(name))).filter((file) => file.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(0);
    for (const map of maps) {
      const { sources, sourcesContent }: { sources: string[]; sourcesContent?: string[] } = JSON.parse(
        await readFile(join(installed(name), map), "utf8"),
      );
      expect(sources.filter((source) => !source.startsWith("../src/"))).toEqual([]);
      expect(sourcesContent?.length).toBe(sources.length);
    }
  });

  it.each(publishedPackages)(
    "$folder says its licence, its version and what it needs",
    async ({ folder, manifest }) => {
      const packed: Manifest = JSON.parse(await readFile(join(installed(folder), "package.json"), "utf8"));
      expect(await readFile(join(installed(folder), "LICENSE"), "utf8")).toBe(
        await readFile(join(root, "LICENSE"), "utf8"),
      );
      expect(packed).toMatchObject({ license: "MIT", publishConfig: { access: "public", provenance: true } });
      // In lockstep, and with the ranges of the workspace resolved.
      const [first] = publishedPackages;
      expect(packed.version).toBe(first?.manifest.version);
      expect(JSON.stringify(packed)).not.toMatch(/"(?:workspace|catalog):/);
      const own = Object.keys(manifest.dependencies ?? {});
      expect(packed.dependencies ?? {}).toEqual(Object.fromEntries(own.map((name) => [name, `^${packed.version}`])));
    },
  );

  it("carry what the Apache License asks for with the code that is generated from Google's files", async () => {
    const folder = installed("adapter-grpc");
    const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
    const notice = await read("NOTICE");
    const generated: string[] = [];
    for (const file of await filesOf(folder)) {
      if (/\.(?:js|d\.ts)$/.test(file) && /codegenv2|@generated/.test(await read(file))) generated.push(file);
    }
    expect(generated.sort()).toEqual(["dist/protobuf.d.ts", "dist/protobuf.js"]);
    expect(generated.filter((file) => !notice.includes(file))).toEqual([]);
    expect(notice).toContain("Copyright Google LLC");
    expect(await read("dist/protobuf.js")).toContain("Copyright Google LLC");
    expect(await read("proto/google/LICENSE")).toMatch(/^\s+Apache License\s+Version 2\.0, January 2004/);
  });

  it.each(["nodenext", "bundler"])(
    "compile with moduleResolution %s",
    async (moduleResolution) => {
      const args = ["--strict", "--target", "es2022", "--moduleResolution", moduleResolution, "--rootDir", folder];
      const module = moduleResolution === "nodenext" ? "nodenext" : "esnext";
      const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
      await run(bin("tsc"), [...args, ...types, "--module", module, "--skipLibCheck", "false", "consumer.ts"], folder);
    },
    60_000,
  );

  it("run", async () => {
    const printed = await run(process.execPath, ["consumer.js"], folder);
    const body = 'id: 1\nevent: progress\ndata: {"percent":50,"half":true}\n\n';
    expect(JSON.parse(printed)).toEqual([body, {}, "1970-01-01T00:00:00Z"]);
  });

  it("can be required from CommonJS", async () => {
    const code = 'process.stdout.write(typeof require("@ssewire/core").SSEManager.createResponse)';
    expect(await run(process.execPath, ["--no-warnings", "-e", code], folder)).toBe("function");
  });
});

async function toArrayBuffer(path: string): Promise<ArrayBuffer> {
  return new Uint8Array(await readFile(path)).buffer;
}

/** Every file below a folder, as a path in it. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
