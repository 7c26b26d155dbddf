/** A Markdown table as the formatter of this repository has it. The first column is text, the others are numbers. */
export function alignTable(
  rows: readonly (readonly string[])[],
  textColumns: ReadonlySet<number> = new Set([0]),
): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? "").length)));
  const format = (row: readonly string[]): string => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return textColumns.has(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    textColumns.has(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [format(head), format(rule), ...body.map(format)].join("\n");
}
