/** Written checks against a plain reading of the specification, on random schemas and values. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { runs } from "../../tests/support/runs.ts";
import { createValidator } from "./index.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

/** What was evaluated of a value; undefined: it does not fit. */
interface Evaluated {
  readonly names: ReadonlySet<string>;
  readonly items: ReadonlySet<number>;
}
type Verdict = Evaluated | undefined;

const NOTHING: Evaluated = { names: new Set(), items: new Set() };
const union = (...all: readonly Evaluated[]): Evaluated => ({
  names: new Set(all.flatMap(({ names }) => [...names])),
  items: new Set(all.flatMap(({ items }) => [...items])),
});

const sameJson = (left: Json, right: Json): boolean => JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  return isObject(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      )
    : value;
}

function hasType(value: Json, type: Json): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function evaluate(schema: Json, value: Json, root: Json): Verdict {
  if (typeof schema === "boolean") return schema ? NOTHING : undefined;
  const known = schema as JsonObject;
  const parts: Evaluated[] = [];
  const need = (verdict: Verdict): boolean => {
    if (verdict !== undefined) parts.push(verdict);
    return verdict !== undefined;
  };
  const names = new Set<string>();
  const items = new Set<number>();
  const fits = (one: Json, inner: Json): boolean => evaluate(one, inner, root) !== undefined;

  if (known.$ref !== undefined && !need(evaluate(root, value, root))) return undefined;
  if (known.type !== undefined && !hasType(value, known.type)) return undefined;
  if ("const" in known && !sameJson(known.const, value)) return undefined;
  if (known.enum !== undefined && !(known.enum as Json[]).some((one) => sameJson(one, value))) return undefined;
  if (typeof value === "number") {
    if (known.minimum !== undefined && value < (known.minimum as number)) return undefined;
    if (known.multipleOf !== undefined && value % (known.multipleOf as number) !== 0) return undefined;
  }
  if (typeof value === "string" && known.maxLength !== undefined && [...value].length > (known.maxLength as number))
    return undefined;
  if (isObject(value)) {
    for (const name of (known.required as string[] | undefined) ?? [])
      if (!Object.hasOwn(value, name)) return undefined;
    const properties = (known.properties ?? {}) as JsonObject;
    const patterns = (known.patternProperties ?? {}) as JsonObject;
    for (const [name, member] of Object.entries(value)) {
      let named = false;
      if (Object.hasOwn(properties, name)) {
        named = true;
        if (!fits(properties[name], member)) return undefined;
      }
      for (const [pattern, one] of Object.entries(patterns)) {
        if (!new RegExp(pattern, "u").test(name)) continue;
        named = true;
        if (!fits(one, member)) return undefined;
      }
      if (!named && known.additionalProperties !== undefined) {
        named = true;
        if (!fits(known.additionalProperties, member)) return undefined;
      }
      if (named) names.add(name);
      if (known.propertyNames !== undefined && !fits(known.propertyNames, name)) return undefined;
    }
    for (const [name, one] of Object.entries((known.dependentSchemas ?? {}) as JsonObject)) {
      if (Object.hasOwn(value, name) && !need(evaluate(one, value, root))) return undefined;
    }
  }
  if (Array.isArray(value)) {
    const prefix = (known.prefixItems ?? []) as Json[];
    for (const [index, item] of value.entries()) {
      const one = index < prefix.length ? prefix[index] : known.items;
      if (one === undefined) continue;
      items.add(index);
      if (!fits(one, item)) return undefined;
    }
    if (known.contains !== undefined) {
      const found = value.flatMap((item, index) => (fits(known.contains, item) ? [index] : []));
      if (found.length < ((known.minContains as number | undefined) ?? 1)) return undefined;
      for (const index of found) items.add(index);
    }
    if (
      known.uniqueItems === true &&
      value.some((item, index) => value.slice(0, index).some((other) => sameJson(item, other)))
    )
      return undefined;
  }
  for (const one of (known.allOf as Json[] | undefined) ?? []) if (!need(evaluate(one, value, root))) return undefined;
  for (const [keyword, isRight] of [
    ["anyOf", (count: number) => count > 0],
    ["oneOf", (count: number) => count === 1],
  ] as const) {
    if (known[keyword] === undefined) continue;
    const fitting = (known[keyword] as Json[]).flatMap((one) => evaluate(one, value, root) ?? []);
    if (!isRight(fitting.length)) return undefined;
    parts.push(...fitting);
  }
  if (known.not !== undefined && fits(known.not, value)) return undefined;
  if (known.if !== undefined) {
    const condition = evaluate(known.if, value, root);
    if (condition !== undefined) parts.push(condition);
    const branch = condition === undefined ? known.else : known.then;
    if (branch !== undefined && !need(evaluate(branch, value, root))) return undefined;
  }
  const seen = union(...parts, { names, items });
  if (isObject(value) && known.unevaluatedProperties !== undefined) {
    for (const [name, member] of Object.entries(value)) {
      if (!seen.names.has(name) && !fits(known.unevaluatedProperties, member)) return undefined;
    }
    return union(seen, { names: new Set(Object.keys(value)), items: new Set() });
  }
  if (Array.isArray(value) && known.unevaluatedItems !== undefined) {
    for (const [index, item] of value.entries()) {
      if (!seen.items.has(index) && !fits(known.unevaluatedItems, item)) return undefined;
    }
    return union(seen, { names: new Set(), items: new Set(value.keys()) });
  }
  return seen;
}

const name = fc.constantFrom("a", "b", "ab", "__proto__", "toString", "1");
const scalar = fc.constantFrom<Json>(null, true, false, 0, 1, 2.5, 4, "", "a", "\u{1f600}b");
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(name, tie("value")), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => Object.fromEntries(pairs)),
  ),
}));
const { schema } = fc.letrec<{ schema: Json }>((tie) => {
  const one = tie("schema");
  const some = fc.array(one, { minLength: 1, maxLength: 3 });
  const map = fc
    .uniqueArray(fc.tuple(name, one), { maxLength: 3, selector: ([key]) => key })
    .map((pairs) => Object.fromEntries(pairs));
  return {
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.boolean(),
      fc
        .record(
          {
            type: fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object"),
            const: value,
            enum: fc.array(value, { maxLength: 3 }),
            minimum: fc.constantFrom(0, 1, 3),
            multipleOf: fc.constantFrom(1, 2, 0.5),
            maxLength: fc.nat(2),
            required: fc.uniqueArray(name, { maxLength: 2 }),
            properties: map,
            patternProperties: fc
              .uniqueArray(fc.tuple(fc.constantFrom("a", "^b", "_"), one), { maxLength: 2, selector: ([key]) => key })
              .map((pairs) => Object.fromEntries(pairs)),
            additionalProperties: one,
            propertyNames: fc.constantFrom<Json>({ maxLength: 2 }, { enum: ["a", "b"] }, true),
            dependentSchemas: map,
            prefixItems: some,
            items: one,
            contains: one,
            minContains: fc.nat(2),
            uniqueItems: fc.boolean(),
            allOf: some,
            anyOf: some,
            oneOf: some,
            not: one,
            if: one,
            // biome-ignore lint/suspicious/noThenProperty: the keyword's name
            then: one,
            else: one,
            unevaluatedProperties: one,
            unevaluatedItems: one,
          },
          { requiredKeys: [] },
        )
        .map((keywords) => thinned(keywords)),
    ),
  };
});

/** Few keywords at once: with many, next to nothing fits. */
function thinned(keywords: Record<string, Json>): Json {
  const names = Object.keys(keywords);
  const kept = names.filter((_, index) => index % 5 === names.length % 5);
  return Object.fromEntries(kept.map((keyword) => [keyword, keywords[keyword]]));
}

test("what is written decides as the specification reads, and collects errors exactly where something does not fit", () => {
  let fitting = 0;
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 1, maxLength: 6 }), (given, values) => {
      const validator = createValidator(given);
      for (const one of values) {
        const expected = evaluate(given, one, given) !== undefined;
        if (expected) fitting++;
        expect(validator.fits(one)).toBe(expected);
        expect(validator.errors(one).length === 0).toBe(expected);
      }
    }),
    { numRuns: runs(1_000) },
  );
  expect(fitting).toBeGreaterThan(150);
});
