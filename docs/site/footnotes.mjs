/**
 * Footnotes as GitHub has them, which TypeDoc's parser does not know: `[^1]` becomes a link, and the notes a list at the
 * place where they are written.
 *
 * @param {import("typedoc").CommentDisplayPart[]} content - Of a document; changed in place.
 */
export function linkFootnotes(content) {
  for (const part of content) {
    if (part.kind !== "text") continue;
    part.text = part.text
      .replace(/^\[\^(\d+)\]: /gm, '$1. <a id="note-$1"></a>')
      .replace(/\[\^(\d+)\]/g, '<sup><a href="#note-$1">$1</a></sup>');
  }
}
