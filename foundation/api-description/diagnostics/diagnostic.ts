/** What is wrong with descriptions. All problems are told at once. */
import { isList, isObject } from "../source/json-value.ts";
import type { SourceDocument, TextPosition } from "../source/source-document.ts";
import type { Level } from "./code-entry.ts";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "./codes.ts";

export interface Diagnostic extends TextPosition {
  readonly code: DiagnosticCode;
  readonly level: Level;
  /** A sentence: what was found. */
  readonly message: string;
  /** As it was given, or relative to the folder that files are read from. */
  readonly file: string;
  /** JSON Pointer in the file; empty for the whole. */
  readonly pointer: string;
  /** A sentence: what to do about it. */
  readonly hint?: string;
}

/** A part of a document. */
export interface Place {
  readonly document: SourceDocument;
  readonly pointer: string;
}

export interface ReportOptions {
  readonly hint?: string;
  /** What is pointed at. Default: the key of an object or a list, which begins on a line of its own, and the value of anything else. */
  readonly at?: "key" | "value";
  /** Where an option says so. */
  readonly level?: Level;
}

/** A list of thousands of problems is not read to its end by anybody. */
export const DIAGNOSTICS_MAX = 1000;

/** Names in it may be as long as the file. */
const short = (text: string): string => (text.length > 1000 ? `${text.slice(0, 1000)}…` : text);

/** One problem in its place. */
export function diagnosticAt(
  code: DiagnosticCode,
  { document, pointer }: Place,
  message: string,
  { hint, at, level }: ReportOptions = {},
): Diagnostic {
  const value = document.slotAt(pointer)?.node.value;
  const part = at ?? (isObject(value) || isList(value) ? "key" : "value");
  const place = { file: document.file, ...document.positionOf(pointer, part), pointer };
  const found = { code, level: level ?? DIAGNOSTIC_CODES[code].level, message: short(message), ...place };
  return hint === undefined ? found : { ...found, hint: short(hint) };
}

/** Collects problems, each once: a shared component is looked at by many. */
export class Diagnostics {
  readonly #found = new Map<string, Diagnostic>();
  /** Files in the order of reading. */
  readonly #files = new Map<string, number>();

  report(code: DiagnosticCode, place: Place, message: string, options?: ReportOptions): void {
    this.add(diagnosticAt(code, place, message, options));
  }

  add(found: Diagnostic): void {
    if (!this.#files.has(found.file)) this.#files.set(found.file, this.#files.size);
    const { code, file, line, column, message } = found;
    const identity = `${code}\n${file}\n${line}:${column}\n${message}`;
    if (!this.#found.has(identity)) this.#found.set(identity, found);
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some(({ level }) => level === "error");
  }

  /** File by file, as one reads them. When there are too many, errors go first and the last one says how many more there are. */
  list(): readonly Diagnostic[] {
    const all = [...this.#found.values()];
    if (all.length <= DIAGNOSTICS_MAX) return this.#inOrder(all);
    const kept = all.toSorted((left, right) => rank(left) - rank(right)).slice(0, DIAGNOSTICS_MAX);
    const message = `${(all.length - DIAGNOSTICS_MAX).toLocaleString("en")} more problems are not shown.`;
    const place = { file: kept[0]!.file, line: 1, column: 1, pointer: "" };
    return [...this.#inOrder(kept), { code: "W1018", level: "warning", message, ...place }];
  }

  #inOrder(found: readonly Diagnostic[]): readonly Diagnostic[] {
    const order = (one: Diagnostic): number => this.#files.get(one.file) ?? 0;
    return found.toSorted(
      (left, right) => order(left) - order(right) || left.line - right.line || left.column - right.column,
    );
  }
}

const rank = ({ level }: Diagnostic): number => (level === "error" ? 0 : level === "warning" ? 1 : 2);
