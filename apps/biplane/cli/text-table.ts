/** Tables that line up. Pure. */

/** One column. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: "left" | "right";
  readonly cell: (row: Row) => string;
}

/** Lines of a table with its titles; no spaces at the ends of lines. Cells must be free of control characters. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  decorateTitle: (text: string) => string = (text) => text,
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index]!))),
  );
  const lineOf = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const space = " ".repeat(widths[index]! - displayWidth(text));
        return columns[index]!.align === "right" ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return [decorateTitle(lineOf(columns.map((column) => column.title))), ...cells.map(lineOf)];
}

const COLOUR = /\u001b\[[0-9;]*m/g;

/** Columns that a text takes on a terminal: wide characters take two, combining ones none, colours nothing. */
export function displayWidth(text: string): number {
  return Bun.stringWidth(text.replace(COLOUR, ""));
}
