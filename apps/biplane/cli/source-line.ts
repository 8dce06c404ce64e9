/** A line of a file with a mark below it, for people who look for what is wrong there. */
import { printable, type Terminal } from "./terminal.ts";

/** Columns of a line that are shown left of the mark, when it is far to the right. */
const LEFT_MAX = 60;
const WIDTH_MAX = 100;

/** @param line from 1 on, as `column` */
export function showSourceLine(source: string, line: number, column: number, terminal: Terminal): void {
  const from = Math.max(0, column - 1 - LEFT_MAX);
  const shown = source.replaceAll("\t", " ").slice(from, from + WIDTH_MAX);
  const number = String(line);
  const left = printable(shown.slice(0, column - 1 - from));
  terminal.line(terminal.tone("dim", `    ${number} | ${left}${printable(shown.slice(column - 1 - from))}`));
  terminal.line(terminal.tone("bad", `    ${" ".repeat(number.length)} | ${" ".repeat(Bun.stringWidth(left))}^`));
}
