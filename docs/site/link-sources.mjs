import { relative } from "node:path";
import { Converter, PageEvent, RendererEvent } from "typedoc";

/** What the option `sourceLinkTemplate` makes of a place in the sources, as its links are the same on every page. */
const placeholder = /repository:([^"#]+)#/g;

/**
 * Has "Defined in" lead to the line in the page of the source file.
 *
 * @param {import("typedoc").Application} app
 * @param {string} root - Of the repository.
 */
export function linkSources(app, root) {
  const pages = new Map();

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const { sources = [] } of Object.values(project.reflections)) {
      for (const { fullFileName } of sources) project.files.registerAbsolute(fullFileName);
    }
  });

  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      const path = reflection.isDocument() ? project.files.getReflectionPath(reflection) : undefined;
      if (path !== undefined) pages.set(relative(root, path), reflection);
    }
  });

  app.renderer.on(PageEvent.END, (page) => {
    const { router } = app.renderer;
    page.contents = page.contents?.replace(placeholder, (_match, path) => {
      return `${router.relativeUrl(page.model, pages.get(path))}#`;
    });
    const path = page.model.isDocument() ? page.project.files.getReflectionPath(page.model) : undefined;
    if (path !== undefined && !path.endsWith(".md")) page.contents = numberLines(page.contents);
  });
}

/** Gives the lines of the one block of code in a page their anchors. */
function numberLines(html) {
  const [, before, code, after] = /^(.*?<pre><code[^>]*>)(.*?)(<\/code>.*)$/s.exec(html) ?? [];
  if (code === undefined) return html;
  const lines = code.split("<br/>").map((line, index) => `<a id="L${index + 1}"></a>${line}`);
  return `${before}${lines.join("<br/>")}${after}`;
}
