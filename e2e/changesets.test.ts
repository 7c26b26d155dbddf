import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writtenFiles } from "./house/source-files.ts";
import { type Manifest, publishedPackages, root } from "./published-packages.ts";
import { runCommand } from "./release/run-command.ts";

const manifests = writtenFiles().filter((file) => file.endsWith("package.json") && dirname(file) !== "e2e/runtimes");

/** What is no change, in the folder of changes. */
const KEPT = ["README.md", "config.json"];

describe.each([
  ["what waits, and a change of one package", true],
  ["a change of one package alone", false],
])("`changeset version`, in a copy of the workspace, for %s", (_what, isWaiting) => {
  let copy = "";
  const read = (file: string): Promise<string> => readFile(join(copy, file), "utf8");
  const git = (...args: string[]): Promise<string> =>
    runCommand("git", ["-c", "user.name=Test", "-c", "user.email=test@localhost", ...args], copy);

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), "ssewire-changesets-"));
    for (const file of [...manifests, "pnpm-workspace.yaml", "pnpm-lock.yaml", ".changeset"]) {
      await cp(join(root, file), join(copy, file), { recursive: true });
    }
    for (const file of isWaiting ? [] : await readdir(join(copy, ".changeset"))) {
      if (!KEPT.includes(file)) await rm(join(copy, ".changeset", file));
    }
    const change = '---\n"@ssewire/adapter-node": patch\n---\n\nMended what one package does.\n';
    await writeFile(join(copy, ".changeset/one-package.md"), change);
    await git("init", "-q");
    await git("add", ".");
    await git("commit", "-q", "-m", "what is to be released");
    await runCommand(join(root, "node_modules/.bin/changeset"), ["version"], copy);
  });

  afterAll(() => rm(copy, { recursive: true, force: true }));

  it("takes every change that waits, and gives all packages one version, a new one", async () => {
    const versions = publishedPackages.map(async ({ folder, manifest }): Promise<string> => {
      const { version }: Manifest = JSON.parse(await read(`packages/${folder}/package.json`));
      expect(version).not.toBe(manifest.version);
      return version;
    });
    expect(new Set(await Promise.all(versions)).size).toBe(1);
    expect(await readdir(join(copy, ".changeset"))).toEqual(KEPT);
  });

  it("writes a changelog for every package", async () => {
    for (const { folder, manifest } of publishedPackages) {
      const { version }: Manifest = JSON.parse(await read(`packages/${folder}/package.json`));
      expect(await read(`packages/${folder}/CHANGELOG.md`)).toContain(`# ${manifest.name}\n\n## ${version}\n`);
    }
    expect(await read("packages/adapter-node/CHANGELOG.md")).toContain("Mended what one package does.");
  });

  it("leaves ranges of the workspace and what is private alone", async () => {
    const changed = (await git("diff", "--name-only", "--", "*package.json")).trim().split("\n");
    expect(changed.sort()).toEqual(publishedPackages.map(({ folder }) => `packages/${folder}/package.json`));
    const lines = (await git("diff", "--unified=0", "--", "*package.json")).matchAll(/^\+ .*$/gm);
    for (const [line] of lines) expect(line).toMatch(/^\+ {2}"version": /);
  });
});
