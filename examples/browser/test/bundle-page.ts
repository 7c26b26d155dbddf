import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HTML = `<!doctype html><title>test</title><link rel=icon href=data:><div id=root></div>
<script type=module src=/page.js></script>`;

/** The files of a page that runs the script of this name, which stands beside this file. */
export async function bundlePage(script: string): Promise<Map<string, [type: string, text: string]>> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    // React's development build, whose StrictMode mounts everything twice.
    define: { "process.env.NODE_ENV": '"development"' },
  });
  return new Map([
    ["/", ["text/html", HTML]],
    ["/page.js", ["text/javascript", outputFiles[0]?.text ?? ""]],
  ]);
}
