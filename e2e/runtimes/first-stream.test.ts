import { describe, expect, it } from "vitest";
import { followGuide } from "../first-stream.ts";
import { findRuntimes } from "./find-runtime.ts";

/** The program that the guide names for each runtime. */
const programOf = (name: string): string => (name.split(" ")[0] ?? "").toLowerCase();

describe("docs/guides/first-stream.md", () => {
  for (const runtime of findRuntimes()) {
    it.skipIf(runtime.path === undefined)(`prints what it says on ${runtime.name} (${runtime.note})`, async () => {
      const { url, printed } = await followGuide(programOf(runtime.name), runtime);
      const response = await fetch(`${url}progress`);
      expect((await response.text()).split(/ *\n/)).toEqual(printed.split(/ *\n/));
    });
  }
});
