/** What a rule is. One table of rules (`schema.ts`) makes the check, the defaults, the canonical order, the JSON Schema and the page of fields. */
import type { Size } from "./sizes.ts";

export type Rule = TextRule | NumberRule | FlagRule | SizeRule | PortReferenceRule | ListRule | MapRule | TableRule;

/** What a rule of its own finds wrong with a value. */
export interface ValueProblem {
  /** It belongs to the platform. */
  readonly reserved?: true;
  readonly message: string;
}

export interface TextRule {
  readonly kind: "text";
  /** Characters. */
  readonly lengthMax: number;
  /** The empty text is refused unless this says 0. */
  readonly lengthMin?: 0;
  readonly pattern?: RegExp;
  /** One of these. */
  readonly words?: readonly string[];
  /** Values that others know, with the reason why they are refused here. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Whether line breaks and tabs may be in it. Other control characters never may. */
  readonly lines?: true;
  /** Completes "must be …": "a name such as web". */
  readonly says: string;
  /** Further rules: the problem, when there is one. */
  readonly check?: (text: string) => ValueProblem | undefined;
}

export interface NumberRule {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  /** Whole numbers only when 0. */
  readonly decimals: number;
  readonly check?: (value: number) => ValueProblem | undefined;
}

export interface FlagRule {
  readonly kind: "flag";
}

export interface SizeRule {
  readonly kind: "size";
  readonly min: Size;
  readonly max: Size;
  readonly units: readonly ("Mi" | "Gi")[];
}

/** The name or the number of a port that is declared elsewhere. */
export interface PortReferenceRule {
  readonly kind: "port";
}

export interface ListRule {
  readonly kind: "list";
  readonly of: Rule;
  /** Another rule for the first item. */
  readonly first?: Rule;
  readonly min: number;
  readonly max: number;
}

export interface MapRule {
  readonly kind: "map";
  /** What stands for the key in paths of the documentation: `NAME`. */
  readonly placeholder: string;
  readonly key: TextRule;
  readonly of: Rule;
  readonly min: number;
  readonly max: number;
}

export interface TableRule {
  readonly kind: "table";
  /** In canonical order. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Keys that others know, with the reason why they are refused here. */
  readonly refused?: Readonly<Record<string, string>>;
}

export interface Field {
  readonly rule: Rule;
  /** One sentence for the documentation and for editors. */
  readonly help: string;
  readonly required?: true;
  /** What stands in the normal form when the field is left out: `{}` and `[]` are checked like any value, so that their own defaults are filled in. */
  readonly fallback?: string | number | boolean | Readonly<Record<string, never>> | readonly never[];
  /** Says in words what takes its place when that depends on other fields. */
  readonly derived?: string;
}
