/** Problems of descriptions for people: what, where, and the line with a mark below it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "#foundation/api-description";
import { showSourceLine } from "../../cli/source-line.ts";
import { printable, type Terminal, type Tone } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";

const TONES: Readonly<Record<Diagnostic["level"], Tone>> = { error: "bad", warning: "warn", note: "dim" };

/** Those of builds elsewhere may have codes that are not known here. */
type ShownDiagnostic = Omit<Diagnostic, "code"> & { readonly code: string };

/** @param folder that the files are relative to */
export function showDiagnostics(diagnostics: readonly ShownDiagnostic[], folder: string, terminal: Terminal): void {
  const texts = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    let lines = texts.get(file);
    if (lines === undefined) {
      lines = readLines(join(folder, file));
      texts.set(file, lines);
    }
    return lines;
  };
  for (const { code, level, message, file, line, column, hint } of diagnostics) {
    const place = `${printable(file)}:${line}:${column}`;
    terminal.line(`${terminal.tone("bold", place)}  ${terminal.tone(TONES[level], `${level} ${code}`)}`);
    terminal.line(`  ${printable(message)}`);
    const source = linesOf(file)[line - 1];
    if (source !== undefined) showSourceLine(source, line, column, terminal);
    if (hint !== undefined) terminal.line(`  ${terminal.tone("dim", printable(hint))}`);
    terminal.line();
  }
  const errors = diagnostics.filter(({ level }) => level === "error").length;
  const warnings = diagnostics.filter(({ level }) => level === "warning").length;
  const counts = [
    ...(errors > 0 ? [terminal.tone("bad", counted(errors, "error"))] : []),
    ...(warnings > 0 ? [terminal.tone("warn", counted(warnings, "warning"))] : []),
  ];
  if (counts.length > 0) terminal.line(`${counts.join(", ")}; \`biplane gateway explain CODE\` says more about each.`);
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}
