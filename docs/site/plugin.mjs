import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Comment, CommentTag, Converter, MinimalSourceFile, OptionDefaults, ReflectionKind } from "typedoc";
import { addFiles, headingOf } from "./files.mjs";
import { linkFootnotes } from "./footnotes.mjs";
import { linkSources } from "./link-sources.mjs";
import { RepositoryRouter } from "./repository-router.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Groups of the navigation, by the first prefix that fits. */
const groups = [
  ["docs/guides/", "Guides"],
  ["docs/testing.md", "Guides"],
  ["docs/README.md", "Guides"],
  ["docs/decisions/", "Decisions"],
  ["docs/", "Reference"],
  ["examples/", "Examples"],
];

/**
 * What makes a site of this repository: pages are called by their headings and lie where their files do, modules are called
 * as they are imported and begin with the README of their package, and every file that a page links to is a page, so that
 * the site needs no host of the repository and has no dead link.
 *
 * @param {import("typedoc").Application} app
 */
export function load(app) {
  app.renderer.defineRouter("repository", RepositoryRouter);
  app.on("bootstrapEnd", () => {
    // Of protoc-gen-es, in the code that it generated.
    app.options.setValue("blockTags", [...OptionDefaults.blockTags, "@generated"]);
    app.options.setValue("excludeTags", [...OptionDefaults.excludeTags, "@generated"]);
  });

  linkSources(app, root);
  const packages = readPackages();

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const path = relative(root, document.project.files.getReflectionPath(document) ?? "");
    document.name = headingOf(join(root, path));
    linkFootnotes(document.content);
    document.frontmatter["group"] = groups.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "Project";
  });

  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project, converter }) => {
      for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
        const entry = relative(root, module.sources?.[0]?.fullFileName ?? "");
        const { specifier, folder, isMain } = packages.get(entry) ?? {};
        if (specifier === undefined) throw new Error(`${entry} is no entry of a package`);
        module.name = specifier;
        module.comment ??= new Comment();
        module.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: "API" }]));
        if (isMain) addReadme(module, join(root, folder), converter);
      }
      addFiles(project, converter, root);
      sortByIndex(project);
    },
    // After TypeDoc has read the README of the project.
    -1000,
  );

  // A name that a comment mentions may belong to another entry of the same package, which its file does not import.
  app.converter.addUnknownSymbolResolver(({ symbolReference }, reflection) => {
    const name = symbolReference?.path?.map(({ path }) => path).join(".");
    const found = reflection.project
      .getReflectionsByKind(ReflectionKind.SomeExport)
      .filter(({ name: other, parent }) => other === name && parent?.kind === ReflectionKind.Module);
    return found.length === 1 ? { target: found[0], caption: name } : undefined;
  });
}

/** The README of a package opens the page of its module, whose name is its heading. */
function addReadme(module, folder, converter) {
  const path = join(folder, "README.md");
  const text = readFileSync(path, "utf8").replace(/^# .+\n/, "");
  const { files } = module.project;
  module.readme = converter.parseRawComment(new MinimalSourceFile(text, path), files).content;
  files.registerReflectionPath(path, module);
  files.registerReflectionPath(folder, module);
}

/** The index of the documentation, then the pages in its order, so that there is one place to keep it. */
function sortByIndex(project) {
  const index = readFileSync(join(root, "docs/README.md"), "utf8");
  const position = (page) => {
    const path = relative(join(root, "docs"), project.files.getReflectionPath(page) ?? "");
    const found = index.indexOf(`](${path})`);
    return path === "README.md" || found !== -1 ? found : Number.POSITIVE_INFINITY;
  };
  const inOrder = (one, other) => (position(one) < position(other) ? -1 : 1);
  const pages = project.documents?.filter((page) => Number.isFinite(position(page))).sort(inOrder) ?? [];
  project.childrenIncludingDocuments = [...new Set([...pages, ...(project.childrenIncludingDocuments ?? [])])];
}

/** The entries of all packages: by source file, how it is imported. */
function readPackages() {
  const entries = new Map();
  for (const name of readdirSync(join(root, "packages"))) {
    const folder = `packages/${name}`;
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    for (const [subpath, { default: built } = {}] of Object.entries(manifest.exports)) {
      if (built === undefined) continue;
      const source = join(folder, dirname(built).replace("dist", "src"), `${basename(built, ".js")}.ts`);
      entries.set(source, { specifier: join(manifest.name, subpath), folder, isMain: subpath === "." });
    }
  }
  return entries;
}
