import { join } from "node:path";
import { root } from "../published-packages.ts";
import { runCommand } from "./run-command.ts";

/** The pnpm that runs this test or, outside of one, the one that npx finds. */
const execPath = process.env["npm_execpath"];
const pnpm = execPath?.includes("pnpm") ? [execPath] : ["npx", "-y", "pnpm@12"];

/**
 * Packs packages as they would be published, out of what is built.
 *
 * @param names - Their folders below `packages`.
 * @param destination - Where the tarballs go.
 * @returns The path of each tarball, by that name.
 */
export async function packPackages(
  names: readonly string[],
  destination: string,
): Promise<ReadonlyMap<string, string>> {
  const tarballs = new Map<string, string>();
  for (const name of names) {
    const [command = "", ...args] = [...pnpm, "--dir", join(root, "packages", name), "pack", "--json"];
    const packed = await runCommand(command, [...args, "--pack-destination", destination], root);
    const { filename }: { filename: string } = JSON.parse(packed);
    tarballs.set(name, filename);
  }
  return tarballs;
}
