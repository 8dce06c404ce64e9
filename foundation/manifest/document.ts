/** A TOML document as a tree that remembers where things stand and which comments go with them. */
import type { Place } from "./problem.ts";

/** What goes with a key, a table or an item. Comments are kept with their `#`; "" is an empty line between blocks of them. */
export interface Comments {
  readonly before: string[];
  /** On the same line. */
  after?: string;
}

export type DocumentNode = DocumentScalar | DocumentList | DocumentTable;

export interface DocumentScalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | TomlDate;
  /** As it is written in the canonical form. */
  readonly text: string;
  readonly at: Place;
  readonly comments: Comments;
}

export interface DocumentList {
  readonly kind: "list";
  readonly items: DocumentNode[];
  readonly at: Place;
  readonly comments: Comments;
}

export interface DocumentTable {
  readonly kind: "table";
  readonly entries: Map<string, DocumentEntry>;
  readonly at: Place;
  readonly comments: Comments;
}

export interface DocumentEntry {
  readonly keyAt: Place;
  readonly node: DocumentNode;
}

export interface TomlDocument {
  readonly root: DocumentTable;
  /** Comments after everything else. */
  readonly end: readonly string[];
}

/** Dates have no place in a manifest: they are carried only to be refused, or to be written as they were. */
export class TomlDate {
  constructor(readonly text: string) {}
}

export const noComments = (): Comments => ({ before: [] });

const START: Place = { line: 1, column: 1 };

/** A tree of a plain value, without comments. Entries that are undefined, and empty tables and lists, are left out. */
export function documentOf(value: unknown): DocumentNode {
  const rest = { at: START, comments: noComments() };
  if (Array.isArray(value)) return { kind: "list", items: value.map(documentOf), ...rest };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined && !isEmpty(entry))
      .map(([key, entry]) => [key, { keyAt: START, node: documentOf(entry) }] as const);
    return { kind: "table", entries: new Map(entries), ...rest };
  }
  const scalar = value as string | number | boolean;
  return { kind: "scalar", value: scalar, text: scalarText(scalar), ...rest };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** TOML 1.0: strings as basic strings of one line, numbers as they are. */
function scalarText(value: string | number | boolean): string {
  return typeof value === "string" ? basicString(value) : String(value);
}

/** JSON's escapes are TOML's too, but DEL and the C1 characters, which TOML forbids or editors hide. Lone surrogates cannot be written. */
export function basicString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
