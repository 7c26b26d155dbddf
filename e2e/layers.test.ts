import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const architecture = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8");
const sources = new URL("../packages/core/src/", import.meta.url);

/** The layers as ARCHITECTURE.md lists them. */
const layerOf = new Map(
  [...architecture.matchAll(/^(\d+)\. ([a-z-]+(?:, [a-z-]+)*)$/gm)].flatMap(([, layer, files = ""]) =>
    files.split(", ").map((file): [string, number] => [file, Number(layer)]),
  ),
);

describe("the layers of core", () => {
  const files = readdirSync(sources).filter((file) => !/\.test(?:-d)?\.ts$|^index\.ts$/.test(file));

  it("are complete", () => {
    expect([...layerOf.keys()].sort()).toEqual(files.map((file) => file.replace(".ts", "")).sort());
  });

  it.each(files)("%s imports only from layers above its own, and nothing from outside", (file) => {
    const text = readFileSync(new URL(file, sources), "utf8");
    const own = layerOf.get(file.replace(".ts", "")) ?? 0;
    for (const [, imported = ""] of text.matchAll(/^(?:import|export) [^;]*? from "(.+)";$/gm)) {
      const [, name = ""] = /^\.\/([a-z-]+)\.ts$/.exec(imported) ?? expect.fail(`${file} imports ${imported}`);
      expect(layerOf.get(name), `${file} imports ${name}`).toBeLessThan(own);
    }
  });
});
