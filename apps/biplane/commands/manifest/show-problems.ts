/** Problems of a manifest for people: what, where, and the line with a mark below it. */
import type { ManifestProblem } from "#foundation/manifest";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import type { ManifestFile } from "./manifest-file.ts";

/** Columns of a line that are shown left of the mark, when it is far to the right. */
const LEFT_MAX = 60;
const WIDTH_MAX = 100;

export function showProblems(file: ManifestFile, problems: readonly ManifestProblem[], terminal: Terminal): void {
  const lines = file.text.split(/\r?\n/);
  for (const problem of problems) {
    const { code, path, message, line, column } = problem;
    const place = line === undefined ? "" : `:${line}:${column}`;
    terminal.line(`${terminal.tone("bold", `${printable(file.name)}${place}`)}  ${terminal.tone("bad", code)}`);
    terminal.line(`  ${path === "" ? "" : `${terminal.tone("bold", printable(path))} `}${printable(message)}`);
    const source = line === undefined ? undefined : lines[line - 1];
    if (source !== undefined && column !== undefined) showLine(source, line!, column, terminal);
  }
  const count = problems.filter(({ code }) => code !== "E_TOO_MANY_PROBLEMS").length;
  terminal.line(`${terminal.tone("bad", counted(count, "problem"))} in ${printable(file.name)}`);
}

function showLine(source: string, line: number, column: number, terminal: Terminal): void {
  const from = Math.max(0, column - 1 - LEFT_MAX);
  const shown = source.replaceAll("\t", " ").slice(from, from + WIDTH_MAX);
  const number = String(line);
  const left = printable(shown.slice(0, column - 1 - from));
  terminal.line(terminal.tone("dim", `    ${number} | ${left}${printable(shown.slice(column - 1 - from))}`));
  terminal.line(terminal.tone("bad", `    ${" ".repeat(number.length)} | ${" ".repeat(Bun.stringWidth(left))}^`));
  terminal.line();
}
