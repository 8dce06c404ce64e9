/** What is wrong with a manifest. All problems of a file are told at once. */

/** Permanent codes. */
export type ManifestProblemCode =
  /** The text is not TOML, or the JSON not an object. */
  | "E_SYNTAX"
  /** The whole, or a nesting in it, is larger than any manifest. */
  | "E_TOO_LARGE"
  | "E_TOO_DEEP"
  /** More problems than are told. */
  | "E_TOO_MANY_PROBLEMS"
  | "E_UNKNOWN_KEY"
  | "E_MISSING"
  | "E_TYPE"
  | "E_VALUE"
  | "E_RANGE"
  /** Two things that must differ are the same. */
  | "E_DUPLICATE"
  /** Two settings that exclude each other, or one that needs another. */
  | "E_CONFLICT"
  /** Known elsewhere, and refused here. */
  | "E_NOT_SUPPORTED"
  | "E_UNKNOWN_PORT"
  | "E_UNKNOWN_VOLUME"
  | "E_UNKNOWN_PROCESS"
  /** A path or a variable that belongs to the platform. */
  | "E_RESERVED"
  /** A process with volumes has one instance at most: a volume has one writer. */
  | "E_VOLUME_REPLICA_LIMIT"
  /** A volume has one place where it is mounted. */
  | "E_VOLUME_SHARED";

export interface ManifestProblem {
  readonly code: ManifestProblemCode;
  /** `processes.web.health.port`, `volumes[0].size`; empty for the whole. */
  readonly path: string;
  /** A sentence: what the rule is, and what was found. */
  readonly message: string;
  /** From 1. Absent for JSON, which was read by somebody else. */
  readonly line?: number;
  /** From 1, in characters. */
  readonly column?: number;
}

/** Where something stands in the text. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Takes a problem. @param part what of the entry is wrong: its value, unless it is the key */
export type Report = (code: ManifestProblemCode, path: string, message: string, part?: "key") => void;

/** A file of one problem a line is not read to its end by anybody. */
export const PROBLEMS_MAX = 100;

/** The first problems, and how many more there are. */
export function limitProblems(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  if (problems.length <= PROBLEMS_MAX) return problems;
  const message = `${problems.length - PROBLEMS_MAX} more problems are not shown.`;
  return [...problems.slice(0, PROBLEMS_MAX), { code: "E_TOO_MANY_PROBLEMS", path: "", message }];
}

const BARE = /^[A-Za-z0-9_-]{1,64}$/;
/** Longer keys are cut where they are shown. */
const SHOWN_MAX = 64;

/** The path of an entry: `child("env", "vars")` is `env.vars`, keys that are no words are quoted. */
export function child(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  const shown = BARE.test(key) ? key : quoted(key);
  return path === "" ? shown : `${path}.${shown}`;
}

/** Text of anyone's, quoted, without control characters, cut to a length that fits in a sentence. */
export function quoted(text: string): string {
  const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  return JSON.stringify(cut.toWellFormed()).replace(
    /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
