import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** A block of code in a page of the documentation, or in a documentation comment. */
export interface CodeBlock {
  /** Path of the page in the repository. */
  readonly page: string;
  /** Number of the block in its page, from 0. */
  readonly index: number;
  readonly language: string;
  readonly code: string;
  /** The name of the file that its first line gives it, as `// handler.mjs` does; other blocks of the page may import it. */
  readonly file: string | undefined;
  /** What it prints, if the block ends with a comment that begins with `Output:`. */
  readonly output: string | undefined;
}

/** The pages of the project, and the sources with documentation comments. */
export function listPages(): string[] {
  return ["", "docs", "e2e", "packages", "examples"]
    .flatMap(listFiles)
    .filter((file) => /\.md$|^packages\/.*\/src\/[a-z-]+\.ts$/.test(file));
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    // What is installed, built or generated is nobody's page; folders of the root are asked for by name.
    return folder === "" || /^(?:node_modules|dist|gen)$/.test(entry.name) ? [] : listFiles(path);
  });
}

export function readCodeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), "utf8").replace(page.endsWith(".ts") ? /^ *\* ?/gm : /$^/, "");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""], index) => {
    const [, file] = /^\/\/ ([\w./-]+\.\w+)\n/.exec(code) ?? [];
    const [, comment] = /^\/\/ Output:\n((?:\/\/.*\n)+)$/m.exec(code) ?? [];
    return { page, index, language, code, file, output: comment?.replace(/^\/\/ ?/gm, "") };
  });
}
