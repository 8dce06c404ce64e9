/** How the objects of a specification are written down: one table of fields for each. */

/** What a value must be. */
export type Type =
  | "text"
  | "textOrNull"
  | "flag"
  | "texts"
  | "any"
  | "schema"
  /** AsyncAPI: a schema, or one with the name of its format. */
  | "formattedSchema"
  | { readonly object: string }
  /** An object of this kind, or a reference to one. */
  | { readonly orRef: string }
  /** A reference to an object of this kind, and nothing else. */
  | { readonly refTo: string }
  | { readonly list: Type }
  | { readonly map: Type }
  | { readonly oneOf: readonly string[] };

/** Versions that brought fields, in order. */
export const VERSIONS = ["3.0", "3.1", "3.2"] as const;
export type Version = (typeof VERSIONS)[number];

export interface Field {
  readonly type: Type;
  readonly required: boolean;
  /** Whether it decides what the gateway does: then what is wrong with it is an error. */
  readonly effect: boolean;
  readonly since: Version;
}

export interface ObjectRule {
  /** With article, as messages call it. */
  readonly called: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields with other names: paths, status codes, names of callbacks. */
  readonly others?: { readonly names: RegExp; readonly type: Type };
  /** Whether keywords of schemas are often written here instead of below `schema`, where they would be lost. */
  readonly hasSchema?: boolean;
}

export type RuleTable = Readonly<Record<string, ObjectRule>>;

const field =
  (required: boolean, effect: boolean) =>
  (type: Type, since: Version = "3.0"): Field => ({ type, required, effect, since });

/** Decides what the gateway does, and has to be there. */
export const must = field(true, true);
/** Decides what the gateway does. */
export const may = field(false, true);
/** For readers, and has to be there. */
export const mustTell = field(true, false);
/** For readers. */
export const tells = field(false, false);

export const object = (name: string): Type => ({ object: name });
export const orRef = (name: string): Type => ({ orRef: name });
export const list = (type: Type): Type => ({ list: type });
export const map = (type: Type): Type => ({ map: type });
