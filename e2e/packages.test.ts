import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const execFileAsync = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const names = ["core", "adapter-grpc", "adapter-node", "adapter-redis"];
const peers = ["@grpc/grpc-js", "@bufbuild/protobuf"];

/** The pnpm that runs this test or, outside of one, the one that npx finds. */
const execPath = process.env["npm_execpath"];
const pnpm = execPath?.includes("pnpm") ? [execPath] : ["npx", "-y", "pnpm@12"];

/** Runs a command; a failure says what it printed. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execFileAsync(command, args, { cwd })).stdout;
  } catch (error) {
    const printed = error instanceof Error && "stdout" in error ? error.stdout : "";
    throw new Error(`${command} failed:\n${printed}`, { cause: error });
  }
}

/** What a user writes first; compiled, then run. */
const consumer = `
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create, type DescService } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { credentials } from "@grpc/grpc-js";
import { GrpcStreamError, grpcStreamToSse } from "@ssewire/adapter-grpc";
import { createGrpcClient } from "@ssewire/adapter-grpc/client";
import { decodeStatusDetails, jsonEvent } from "@ssewire/adapter-grpc/protobuf";
import { toNodeHandler } from "@ssewire/adapter-node";
import { RedisEventLogs } from "@ssewire/adapter-redis";
import { SSEManager, shareSource, sse } from "@ssewire/core";
import type { RedisClientType } from "redis";

export const share = (client: RedisClientType) =>
  shareSource({ start: source, log: (key) => new RedisEventLogs({ client }).log<{ percent: number }>(key) });

async function* source(): AsyncGenerator<{ percent: number }> {
  yield { percent: 50 };
}

export const connect = (service: DescService) => createGrpcClient(service, "127.0.0.1:50051", { credentials: credentials.createInsecure() });

// @ts-expect-error: the types say what an event type is.
export const wrong = (): Response => SSEManager.createResponse(source(), 1);

const progress = grpcStreamToSse(source(), ({ percent }) => sse({ percent, half: percent < 100 }, { id: "1" }));
const server = createServer(toNodeHandler((request) => SSEManager.createResponse(progress, { eventType: "progress", request })));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(\`http://127.0.0.1:\${port}/\`);
  const details = decodeStatusDetails(new GrpcStreamError({ code: 5, details: "" }));
  const json: string = jsonEvent(TimestampSchema)(create(TimestampSchema));
  process.stdout.write(JSON.stringify([await response.text(), details, json]));
  server.close();
  server.closeAllConnections();
});
`;

describe("the packages, packed and installed into an empty project", () => {
  let folder = "";
  const tarballs = new Map<string, string>();
  const tarball = (name: string): string => tarballs.get(name) ?? "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssewire-packages-"));
    for (const name of names) {
      const [command = "", ...args] = [...pnpm, "--dir", join(root, "packages", name), "pack", "--json"];
      const packed = await run(command, [...args, "--pack-destination", folder], root);
      const { filename }: { filename: string } = JSON.parse(packed);
      tarballs.set(name, filename);
    }
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

  it.each(names)("%s comes with its README, its licence and its documentation, and without tests", async (name) => {
    const installed = join(folder, "node_modules/@ssewire", name);
    expect(await readdir(installed)).toEqual(["LICENSE", "README.md", "dist", "package.json"]);
    const files = await readdir(join(installed, "dist"));
    expect(files.filter((file) => !/\.(?:d\.ts|js|js\.map)$/.test(file))).toEqual([]);
    expect(await readFile(join(installed, "dist/index.d.ts"), "utf8")).toContain("@example");
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
