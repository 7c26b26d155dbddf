import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { build, transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CodeBlock, listPages, readCodeBlocks, root } from "./code-blocks.ts";
import { findChromium } from "./find-component.ts";
import { followGuide } from "./first-stream.ts";
import { launchChromium } from "./launch-chromium.ts";

const run = promisify(execFile);
const chromium = findChromium();

/** Below node_modules, where everything ignores it. */
const folder = join(root, `node_modules/.docs-${process.pid}`);

const pages = listPages();
const blocks = pages.flatMap(readCodeBlocks);

const source = (path: string): string[] => [join(root, "packages", path)];

/** As users have it, except that nobody minds what an example does not use. */
const tsconfig = {
  extends: "../../tsconfig.json",
  compilerOptions: {
    allowJs: true,
    checkJs: true,
    noUnusedLocals: false,
    isolatedDeclarations: false,
    declaration: false,
    paths: {
      "@bufbuild/protobuf": source("adapter-grpc/node_modules/@bufbuild/protobuf"),
      "@grpc/grpc-js": source("adapter-grpc/node_modules/@grpc/grpc-js"),
      "@ssewire/core": source("core/src/index.ts"),
      "@ssewire/adapter-grpc": source("adapter-grpc/src/index.ts"),
      "@ssewire/adapter-grpc/client": source("adapter-grpc/src/client.ts"),
      "@ssewire/adapter-grpc/protobuf": source("adapter-grpc/src/protobuf.ts"),
      "@ssewire/adapter-node": source("adapter-node/src/index.ts"),
      "@ssewire/adapter-redis": source("adapter-redis/src/index.ts"),
      redis: source("adapter-redis/node_modules/redis"),
    },
  },
  include: ["**/*"],
  exclude: ["out"],
};

/** The generated code that examples speak of is that of the demo and of a test. */
const generated: readonly (readonly [imported: RegExp, file: string])[] = [
  [/"\.\/gen\/documents_pb\.[jt]s"/g, "examples/progress/gen/documents_pb.ts"],
  [/"\.\/gen\/progress_pb\.[jt]s"/g, "packages/adapter-grpc/test/gen/ssewire/test/v1/progress_pb.ts"],
];

/** Where a block lies to be compiled: beside the others of its page, under the name it gives itself. */
function pathOf({ page, index, language, file }: CodeBlock): string {
  return join(folder, page.replaceAll(/[^\w-]+/g, "_"), file ?? `block-${index}.${language}`);
}

const isCompiled = ({ language, file }: CodeBlock): boolean => language === "ts" || file?.endsWith(".mjs") === true;

/** The end of a line is nothing that one sees. */
const lines = (text: string): string[] => text.trimEnd().split(/ *\n/);

describe("the code in the documentation", () => {
  beforeAll(() => {
    for (const block of blocks.filter(isCompiled)) {
      const path = pathOf(block);
      mkdirSync(dirname(path), { recursive: true });
      const code = generated.reduce(
        (text, [imported, file]) => text.replaceAll(imported, JSON.stringify(join(root, file))),
        block.code,
      );
      // A module, whether or not it imports anything.
      writeFileSync(path, `${code}\nexport {};\n`);
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("compiles, all of it", { timeout: 300_000 }, async () => {
    expect(blocks.filter(isCompiled).length).toBeGreaterThan(50);
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["-p", folder]).catch(({ stdout }: { stdout: string }) => ({ stdout }));
    expect(stdout).toBe("");
  });

  const runnable = blocks.filter(({ output }) => output !== undefined);

  it("has blocks to run", () => expect(runnable.length).toBeGreaterThan(10));

  it.each(runnable)("prints what $page says, block $index", async (block) => {
    const outfile = join(folder, "out", `${pathOf(block).slice(folder.length)}.mjs`);
    await build({
      entryPoints: [pathOf(block)],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      // esbuild does not look at the paths of a tsconfig.json below node_modules.
      alias: Object.fromEntries(
        Object.entries(tsconfig.compilerOptions.paths).map(([name, [path = ""]]) => [name, path]),
      ),
    });
    const { stdout } = await run(process.execPath, [outfile]);
    expect(lines(stdout)).toEqual(lines(block.output ?? ""));
  });

  it.each(blocks.filter((block) => block.language === "js" && !isCompiled(block)))(
    "is JavaScript where $page says so, block $index",
    async ({ code }) => {
      await transform(code, { loader: "js" });
    },
  );

  it.each(blocks.filter(({ language }) => /^jsonc?$/.test(language)))(
    "is JSON where $page says so, block $index",
    ({ code, language }) => {
      JSON.parse(language === "jsonc" ? code.replace(/^\s*\/\/.*$/gm, "") : code);
    },
  );
});

describe("the commands in the documentation", () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  /** Those that pnpm has a command of its own for, which comes first. */
  const builtin = ["docs"];

  it.each(pages.filter((page) => page.endsWith(".md")))("exist, in %s", (page) => {
    const commands = readFileSync(join(root, page), "utf8").matchAll(/pnpm@12 (run )?([a-z][\w:]*)/g);
    for (const [command, isRun, name = ""] of commands) {
      // What is no script may be an installed program.
      expect(name in scripts || existsSync(join(root, "node_modules/.bin", name)), command).toBe(true);
      expect(isRun === undefined && builtin.includes(name), command).toBe(false);
    }
  });
});

describe("docs/guides/first-stream.md", () => {
  it("prints in a terminal what it says", async () => {
    const { url, printed } = await followGuide("node", { path: process.execPath });
    const response = await fetch(`${url}progress`);
    expect(lines(await response.text())).toEqual(lines(printed));
  });

  it.skipIf(chromium.path === undefined)(`moves the bar in Chromium (${chromium.note})`, async () => {
    const { url } = await followGuide("node", { path: process.execPath });
    const browser = await launchChromium(chromium);
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(() => document.querySelector("progress")?.value === 100);
  });
});
