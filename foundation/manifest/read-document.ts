/** Reads TOML into a document. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { type Anchor, attachComments } from "./attach-comments.ts";
import {
  basicString,
  type DocumentList,
  type DocumentNode,
  type DocumentScalar,
  type DocumentTable,
  noComments,
  TomlDate,
  type TomlDocument,
} from "./document.ts";
import type { ManifestProblem, Place } from "./problem.ts";

/** UTF-8 bytes of a manifest. Also what keeps every single text below the number of arguments that an engine passes at once, as the parser does. */
export const MANIFEST_BYTES_MAX = 64_000;
/** Lists in tables in lists …, and parts of a key. The schema needs seven. */
const DEPTH_MAX = 16;

export type ReadDocument = { readonly document: TomlDocument } | { readonly problem: ManifestProblem };

/** Reads the text of a file. Never throws: the first thing that is no TOML is the problem, because what follows cannot be trusted. */
export function readDocument(text: string): ReadDocument {
  if (Buffer.byteLength(text) > MANIFEST_BYTES_MAX) {
    const message = `A manifest has at most ${MANIFEST_BYTES_MAX.toLocaleString("en")} bytes.`;
    return { problem: { code: "E_TOO_LARGE", path: "", message } };
  }
  // A byte order mark is allowed and means nothing (TOML 1.0, "Spec").
  const source = text.replace(/^\ufeff/, "");
  const lone = source.isWellFormed() ? undefined : source.search(/\p{Surrogate}/u);
  if (lone !== undefined) {
    const before = source.slice(0, lone).split("\n");
    const place = { line: before.length, column: before.at(-1)!.length + 1 };
    return { problem: { code: "E_SYNTAX", path: "", message: "Half of a character (a lone surrogate).", ...place } };
  }
  try {
    const program = parseTOML(source, { tomlVersion: "1.0" });
    const lowering = new Lowering(source);
    const root = lowering.program(program);
    return { document: { root, end: attachComments(program.comments, lowering.anchors) } };
  } catch (error) {
    if (error instanceof TooDeep) {
      const message = `Nested more than ${DEPTH_MAX} levels deep.`;
      return { problem: { code: "E_TOO_DEEP", path: "", message, ...error.place } };
    }
    // The parser calls itself for each list in a list: tens of thousands of brackets are more than a stack holds.
    if (error instanceof RangeError) {
      return { problem: { code: "E_TOO_DEEP", path: "", message: `Nested more than ${DEPTH_MAX} levels deep.` } };
    }
    if (!(error instanceof ParseError)) throw error;
    const place = { line: error.lineNumber, column: error.column + 1 };
    return {
      problem: { code: "E_SYNTAX", path: "", message: `This is not TOML: ${sentence(error.message)}`, ...place },
    };
  }
}

function sentence(text: string): string {
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
  return `${printable.slice(0, 1).toLowerCase()}${printable.slice(1)}.`;
}

class TooDeep extends Error {
  constructor(readonly place: Place) {
    super("nested too deeply");
  }
}

type Key = AST.TOMLBare | AST.TOMLQuoted;
const keyText = (key: Key): string => (key.type === "TOMLBare" ? key.name : key.value);
const placeOf = ({ loc }: AST.HasLocs): Place => ({ line: loc.start.line, column: loc.start.column + 1 });

/** From the parser's tree, in which every header stands for itself, to tables in tables. The parser has refused what is defined twice. */
class Lowering {
  readonly anchors: Anchor[] = [];

  constructor(private readonly source: string) {}

  program(program: AST.TOMLProgram): DocumentTable {
    const root = emptyTable({ line: 1, column: 1 });
    for (const node of program.body[0].body) {
      if (node.type === "TOMLKeyValue") this.entry(root, node, 0);
      else this.section(root, node);
    }
    return root;
  }

  private section(root: DocumentTable, node: AST.TOMLTable): void {
    const { keys } = node.key;
    const last = keys.at(-1)!;
    const parent = descend(root, keys);
    const name = keyText(last);
    const at = placeOf(last);
    let table = emptyTable(at);
    const existing = parent.entries.get(name)?.node;
    if (node.kind === "array") {
      const list: DocumentList =
        existing?.kind === "list" ? existing : { kind: "list", items: [], at, comments: noComments() };
      list.items.push(table);
      parent.entries.set(name, { keyAt: at, node: list });
    } else if (existing?.kind === "table") {
      // Made by a longer header that came before.
      table = existing;
    } else {
      parent.entries.set(name, { keyAt: at, node: table });
    }
    this.anchors.push({
      range: [node.range[0], node.key.range[1]],
      lines: linesOf(node.key),
      comments: table.comments,
    });
    for (const entry of node.body) this.entry(table, entry, keys.length);
  }

  private entry(table: DocumentTable, node: AST.TOMLKeyValue, depth: number): void {
    const { keys } = node.key;
    const last = keys.at(-1)!;
    const parent = descend(table, keys);
    const value = this.value(node.value, depth + keys.length);
    this.anchors.push({ range: node.range, lines: linesOf(node), comments: value.comments });
    parent.entries.set(keyText(last), { keyAt: placeOf(last), node: value });
  }

  private value(node: AST.TOMLContentNode, depth: number): DocumentNode {
    const at = placeOf(node);
    if (depth > DEPTH_MAX) throw new TooDeep(at);
    if (node.type === "TOMLValue") return this.scalar(node, at);
    if (node.type === "TOMLInlineTable") {
      const table = emptyTable(at);
      for (const entry of node.body) this.entry(table, entry, depth);
      return table;
    }
    const items = node.elements.map((element) => {
      const item = this.value(element, depth + 1);
      this.anchors.push({ range: element.range, lines: linesOf(element), comments: item.comments });
      return item;
    });
    return { kind: "list", items, at, comments: noComments() };
  }

  private scalar(node: AST.TOMLValue, at: Place): DocumentScalar {
    const written = this.source.slice(...node.range);
    const rest = { kind: "scalar", at, comments: noComments() } as const;
    switch (node.kind) {
      case "string":
        return { ...rest, value: node.value, text: node.multiline ? written : basicString(node.value) };
      case "integer":
      case "float":
        return { ...rest, value: node.value, text: written };
      case "boolean":
        return { ...rest, value: node.value, text: written };
      default:
        return { ...rest, value: new TomlDate(written), text: written };
    }
  }
}

function linesOf({ loc }: AST.HasLocs): readonly [first: number, last: number] {
  return [loc.start.line, loc.end.line];
}

function emptyTable(at: Place): DocumentTable {
  return { kind: "table", entries: new Map(), at, comments: noComments() };
}

/** The table that all but the last part of a key lead to, made on the way where it is missing. A list stands for its last table. */
function descend(from: DocumentTable, keys: readonly Key[]): DocumentTable {
  if (keys.length > DEPTH_MAX) throw new TooDeep(placeOf(keys[DEPTH_MAX]!));
  let table = from;
  for (const key of keys.slice(0, -1)) {
    let next = table.entries.get(keyText(key))?.node;
    if (next === undefined) {
      next = emptyTable(placeOf(key));
      table.entries.set(keyText(key), { keyAt: next.at, node: next });
    }
    if (next.kind === "list") next = next.items.at(-1)!;
    // The parser lets nothing else pass.
    if (next.kind !== "table") throw new TypeError("a key leads through a value");
    table = next;
  }
  return table;
}
