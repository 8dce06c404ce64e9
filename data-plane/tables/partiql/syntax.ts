/** The syntax tree of DynamoDB's PartiQL. Everything in it is frozen and may be shared between requests. */
import type { Span } from "./refusals.ts";

export type Statement = Select | Insert | Update | Delete | Exists;

export interface Select {
  readonly kind: "select";
  /** `"*"`, or expressions that must turn out to be paths. */
  readonly projection: "*" | readonly Expression[];
  readonly from: Source;
  readonly where?: Expression;
  /** Empty without ORDER BY. */
  readonly orderBy: readonly OrderTerm[];
}

export interface Insert {
  readonly kind: "insert";
  readonly into: Source;
  readonly value: Expression;
}

export interface Update {
  readonly kind: "update";
  readonly table: Source;
  /** In the order of the statement. */
  readonly actions: readonly UpdateAction[];
  readonly where?: Expression;
  readonly returning?: Returning;
}

export interface Delete {
  readonly kind: "delete";
  readonly from: Source;
  readonly where?: Expression;
  readonly returning?: Returning;
}

/** A condition of a transaction. */
export interface Exists {
  readonly kind: "exists";
  readonly select: Select;
}

/** What a statement is about. */
export interface Source {
  readonly table: string;
  readonly index?: string;
}

export interface OrderTerm {
  readonly path: Path;
  readonly descending: boolean;
}

export type UpdateAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: Expression }
  | { readonly kind: "remove"; readonly path: Path };

/** `RETURNING ALL OLD *` and its kin. */
export interface Returning {
  readonly which: "ALL" | "MODIFIED";
  readonly version: "OLD" | "NEW";
}

export type Expression =
  | Literal
  | Parameter
  | Path
  | Collection
  | Tuple
  | Call
  | Unary
  | Binary
  | Between
  | Membership
  | TypeTest;

/** Numbers stay as they are written, with their sign. */
export type Literal = { readonly kind: "literal"; readonly span: Span } & (
  | { readonly type: "string" | "number"; readonly text: string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "null" | "missing" }
);

/** `?`. Counted from 0. */
export interface Parameter {
  readonly kind: "parameter";
  readonly index: number;
  readonly span: Span;
}

export interface Path {
  readonly kind: "path";
  readonly root: string;
  /** Names of members and indexes of elements. */
  readonly steps: readonly (string | number)[];
  /** Of the first name. */
  readonly span: Span;
}

/** `[…]`, `(…)` with several members, or `<<…>>`. */
export interface Collection {
  readonly kind: "list" | "bag";
  readonly elements: readonly Expression[];
  readonly span: Span;
}

/** `{'name': value}` */
export interface Tuple {
  readonly kind: "tuple";
  readonly members: readonly { readonly name: Expression; readonly value: Expression }[];
  readonly span: Span;
}

export interface Call {
  readonly kind: "call";
  /** In lower case. */
  readonly name: string;
  /** `*` where a function is called with it, as in COUNT(*). */
  readonly arguments: readonly Expression[] | "*";
  /** Of the name. */
  readonly span: Span;
}

export interface Unary {
  readonly kind: "unary";
  readonly operator: "not" | "-" | "+";
  readonly operand: Expression;
  readonly span: Span;
}

export type BinaryOperator = "=" | "<>" | "<" | "<=" | ">" | ">=" | "and" | "or" | "+" | "-" | "*" | "/" | "%" | "||";

export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator | "like" | "union" | "except" | "intersect";
  readonly left: Expression;
  readonly right: Expression;
  readonly span: Span;
}

export interface Between {
  readonly kind: "between";
  readonly negated: boolean;
  readonly value: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly span: Span;
}

/** `value IN set` */
export interface Membership {
  readonly kind: "in";
  readonly negated: boolean;
  readonly value: Expression;
  readonly set: Expression;
  readonly span: Span;
}

/** `value IS type`; the type in lower case, `missing` and `null` among them. */
export interface TypeTest {
  readonly kind: "is";
  readonly negated: boolean;
  readonly value: Expression;
  readonly type: string;
  readonly span: Span;
}
