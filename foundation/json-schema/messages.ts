/** Violations in plain words: what is allowed. */
import type { Violation } from "./run-time.ts";

const WORDS: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "true or false",
  integer: "a whole number",
  null: "null",
  number: "a number",
  object: "an object",
  string: "a string",
};

type Params = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};
const counted = (count: unknown, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const MESSAGES: Readonly<Record<string, (params: Params) => string>> = {
  type: ({ types }) => `must be ${(types as readonly string[]).map((type) => WORDS[type] ?? type).join(" or ")}`,
  const: ({ value }) => `must be ${shown(value)}`,
  enum: ({ values }) => `must be one of ${(values as readonly unknown[]).slice(0, 20).map(shown).join(", ")}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  exclusiveMaximum: ({ limit }) => `must be less than ${limit}`,
  exclusiveMinimum: ({ limit }) => `must be more than ${limit}`,
  multipleOf: ({ of }) => `must be a multiple of ${of}`,
  maxLength: ({ limit }) => `must have at most ${counted(limit, "character", "characters")}`,
  minLength: ({ limit }) => `must have at least ${counted(limit, "character", "characters")}`,
  pattern: ({ pattern }) => `must match the pattern ${shown(pattern)}`,
  format: ({ format }) => `must be a valid ${format}`,
  maxItems: ({ limit }) => `must have at most ${counted(limit, "item", "items")}`,
  minItems: ({ limit }) => `must have at least ${counted(limit, "item", "items")}`,
  uniqueItems: () => "must not have an item twice",
  items: ({ limit }) => `must have at most ${counted(limit, "item", "items")}`,
  contains: ({ least }) => `must have at least ${counted(least, "item", "items")} of the kind that is asked for`,
  minContains: ({ least }) => `must have at least ${counted(least, "item", "items")} of the kind that is asked for`,
  maxContains: ({ most }) => `must have at most ${counted(most, "item", "items")} of the kind that is counted`,
  unevaluatedItems: ({ index }) => `must have no item ${index}`,
  required: ({ name }) => `must have the member ${shown(name)}`,
  dependentRequired: ({ name, because }) => `must have the member ${shown(name)}, because it has ${shown(because)}`,
  minProperties: ({ limit }) => `must have at least ${counted(limit, "member", "members")}`,
  maxProperties: ({ limit }) => `must have at most ${counted(limit, "member", "members")}`,
  additionalProperties: ({ name }) => `must not have the member ${shown(name)}`,
  unevaluatedProperties: ({ name }) => `must not have the member ${shown(name)}`,
  not: () => "must not be what is excluded",
  anyOf: () => "must fit at least one of the alternatives",
  oneOf: ({ fitting }) =>
    fitting === 0 ? "must fit one of the alternatives" : "must fit one of the alternatives only, and fits several",
  false: () => "must not be there",
  readOnly: () => "must not be given: it is for reading only",
  writeOnly: () => "must not be given: it is for writing only",
  tooDeep: () => "must not be nested so deeply",
  tooManySteps: () => "must be simpler: too many steps are needed to check it",
};

export function messageOf({ keyword, params }: Pick<Violation, "keyword" | "params">): string {
  return MESSAGES[keyword]?.(params) ?? `must satisfy "${keyword}"`;
}
