/** Problems of a manifest for people: what, where, and the line with a mark below it. */
import type { ManifestProblem } from "#foundation/manifest";
import { showSourceLine } from "../../cli/source-line.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import type { ManifestFile } from "./manifest-file.ts";

export function showProblems(file: ManifestFile, problems: readonly ManifestProblem[], terminal: Terminal): void {
  const lines = file.text.split(/\r?\n/);
  for (const problem of problems) {
    const { code, path, message, line, column } = problem;
    const place = line === undefined ? "" : `:${line}:${column}`;
    terminal.line(`${terminal.tone("bold", `${printable(file.name)}${place}`)}  ${terminal.tone("bad", code)}`);
    terminal.line(`  ${path === "" ? "" : `${terminal.tone("bold", printable(path))} `}${printable(message)}`);
    const source = line === undefined ? undefined : lines[line - 1];
    if (source !== undefined && column !== undefined) {
      showSourceLine(source, line!, column, terminal);
      terminal.line();
    }
  }
  const count = problems.filter(({ code }) => code !== "E_TOO_MANY_PROBLEMS").length;
  terminal.line(`${terminal.tone("bad", counted(count, "problem"))} in ${printable(file.name)}`);
}
