import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Below node_modules, where everything ignores it. */
const folder = join(root, "node_modules/.docs");

const pages = ["README.md", ...list("docs"), ...list("packages"), ...list("examples")].filter(
  (file) => /\.md$|\/src\/[a-z-]+\.ts$/.test(file) && !/node_modules|\/(?:dist|gen)\//.test(file),
);

function list(place: string): string[] {
  return readdirSync(join(root, place), { recursive: true, encoding: "utf8" }).map((file) => `${place}/${file}`);
}

/** The blocks of TypeScript in a page, or in the documentation comments of a source. */
function codeBlocks(text: string): string[] {
  return [...text.replace(/^ *\* ?/gm, "").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
}

/** As users have it, except that the generated code is the demo's and nobody minds what an example does not use. */
const tsconfig = {
  extends: "../../tsconfig.json",
  compilerOptions: {
    noUnusedLocals: false,
    isolatedDeclarations: false,
    declaration: false,
    paths: {
      "@grpc/grpc-js": ["../../packages/adapter-grpc/node_modules/@grpc/grpc-js"],
      "@ssewire/core": ["../../packages/core/src/index.ts"],
      "@ssewire/adapter-grpc": ["../../packages/adapter-grpc/src/index.ts"],
      "@ssewire/adapter-grpc/client": ["../../packages/adapter-grpc/src/client.ts"],
      "@ssewire/adapter-grpc/protobuf": ["../../packages/adapter-grpc/src/protobuf.ts"],
      "@ssewire/adapter-node": ["../../packages/adapter-node/src/index.ts"],
      "@ssewire/adapter-redis": ["../../packages/adapter-redis/src/index.ts"],
      redis: ["../../packages/adapter-redis/node_modules/redis"],
    },
  },
  include: ["*.ts"],
  exclude: [],
};

describe("the code in the documentation", () => {
  const blocks: string[] = [];

  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    for (const page of pages) {
      for (const [index, code] of codeBlocks(await readFile(join(root, page), "utf8")).entries()) {
        const name = `${page.replaceAll(/[^\w-]+/g, "_")}_${index}.ts`;
        const generated = code.replace(
          /"\.\/gen\/documents_pb\.[jt]s"/,
          '"../../examples/progress/gen/documents_pb.ts"',
        );
        await writeFile(join(folder, name), generated);
        blocks.push(name);
      }
    }
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("compiles, all of it", async () => {
    expect(blocks.length).toBeGreaterThan(15);
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout } = await promisify(execFile)(tsc, ["-p", folder]).catch(({ stdout }: { stdout: string }) => ({
      stdout,
    }));
    expect(stdout).toBe("");
  });
});
