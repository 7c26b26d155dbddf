import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { Converter, DocumentReflection, MinimalSourceFile } from "typedoc";

const languages = {
  ".capnp": "text",
  ".css": "css",
  ".html": "html",
  ".json": "json",
  ".mjs": "javascript",
  ".proto": "protobuf",
  ".ts": "typescript",
  ".yaml": "yaml",
};

/** What is installed or generated is nobody's source. */
const ignored = new Set(["node_modules", "dist", "gen", "coverage"]);

/**
 * Makes a page of every file and folder of the repository that a page links to, and of what those link to in turn. TypeDoc
 * would copy files, which browsers then save, and leave links to folders dead.
 *
 * @param {import("typedoc").ProjectReflection} project
 * @param {import("typedoc").Converter} converter
 * @param {string} root - Of the repository.
 */
export function addFiles(project, converter, root) {
  const { files } = project;
  const list = new DocumentReflection("Files", project, [], { group: "Project" });
  project.addChild(list);
  project.registerReflection(list, undefined, join(root, "files"));

  function addPage(path) {
    if (statSync(path).isDirectory()) addFolder(path);
    else if (extname(path) === ".md") addMarkdown(path);
    else addSource(path);
  }

  /** As TypeDoc adds those of its option `projectDocuments`. */
  function addMarkdown(path) {
    const file = new MinimalSourceFile(readFileSync(path, "utf8"), path);
    const document = new DocumentReflection(path, project, converter.parseRawComment(file, files).content, {});
    project.addChild(document);
    project.registerReflection(document, undefined, path);
    converter.trigger(Converter.EVENT_CREATE_DOCUMENT, undefined, document);
    return document;
  }

  function addFolder(path) {
    const readme = join(path, "README.md");
    if (existsSync(readme)) {
      const page = files.resolve(files.registerAbsolute(readme).target, project);
      files.registerReflectionPath(path, typeof page === "object" ? page : addMarkdown(readme));
    } else {
      const entries = readdirSync(path).filter((name) => !ignored.has(name));
      addToList(path, linkList(entries.map((name) => join(path, name))));
    }
  }

  function addSource(path) {
    const code = readFileSync(path, "utf8").trimEnd();
    const language = code.startsWith("#!") ? "bash" : (languages[extname(path)] ?? "text");
    // A fence longer than those within.
    addToList(path, [{ kind: "code", text: `\`\`\`\`\`${language}\n${code}\n\`\`\`\`\`` }]);
  }

  function addToList(path, content) {
    const name = relative(root, path);
    const document = new DocumentReflection(name, list, [{ kind: "text", text: `# ${name}\n\n` }, ...content], {});
    list.addChild(document);
    project.registerReflection(document, undefined, path);
  }

  function linkList(paths) {
    return paths.flatMap((path) => [
      { kind: "text", text: `- [${extname(path) === ".md" ? headingOf(path) : relative(root, path)}](` },
      { kind: "relative-link", text: path, target: files.registerAbsolute(path).target },
      { kind: "text", text: ")\n" },
    ]);
  }

  // A page may link to what is no page yet. A path that does not exist is left for TypeDoc to complain about.
  const missing = () => files.getMediaPaths().find((path) => existsSync(path));
  for (let path = missing(); path !== undefined; path = missing()) addPage(path);

  list.children?.sort((one, other) => (one.name < other.name ? -1 : 1));
  const paths = (list.children ?? []).map((document) => files.getReflectionPath(document) ?? "");
  list.content = [
    { kind: "text", text: "# Files\n\nWhat these pages link to, as it is in the repository.\n\n" },
    ...linkList(paths),
  ];
}

/** What a page is called. */
export function headingOf(path) {
  return /^# (.+)$/m.exec(readFileSync(path, "utf8"))?.[1] ?? basename(path);
}
