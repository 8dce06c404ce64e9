/** The conformance cases of cel-spec, as far as they are about what there is here: no protocol buffers, no extensions, no checking of types ahead. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../tests/support/skips.ts";
import { CelError, CelMap, CelSyntaxError, CelType, type CelValue, compileCel, Uint } from "./index.ts";
import { equal } from "./operators.ts";
import { asText, parseTextProto, type TextField, type TextMessage } from "./testing/text-proto.ts";

const FILES = [
  "basic",
  "comparisons",
  "conversions",
  "fields",
  "fp_math",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "namespace",
  "parse",
  "plumbing",
  "string",
  "timestamps",
];

/** Expressions with these are about protocol buffers. */
const PROTO =
  /TestAllTypes|google\.protobuf\.(?!Timestamp\b|Duration\b)|GlobalEnum|NestedMessage|cel\.expr|Any\{|Value\{/;

/** Where we differ, and why: what the names of cases begin with. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "basic/variables/unbound_is_runtime_error":
    "a variable that is not there is told when the expression is compiled, whatever stands beside it",
  "basic/functions/unbound_is_runtime_error": "and so is a function",
  "parse/receiver_function_names/": "and a method",
};
const differenceOf = (name: string): string | undefined =>
  Object.keys(DIFFERENCES).find((start) => name.startsWith(start));

const one = (message: TextMessage, name: string): TextField | undefined => message[name]?.[0];
const isMessage = (field: TextField | undefined): field is TextMessage => typeof field === "object" && field !== null;

/** A value of the cases as one of ours; undefined for one of protocol buffers. */
function celValueOf(field: TextMessage): CelValue | undefined {
  const [kind] = Object.keys(field);
  const inner = kind === undefined ? undefined : one(field, kind);
  switch (kind) {
    case "null_value":
      return null;
    case "bool_value":
      return inner as boolean;
    case "int64_value":
      return BigInt(inner as bigint);
    case "uint64_value":
      return new Uint(BigInt(inner as bigint));
    case "double_value":
      return doubleOf(inner!);
    case "string_value":
      return asText(inner as string);
    case "bytes_value":
      return new Uint8Array(Buffer.from(inner as string, "latin1"));
    case "type_value":
      return new CelType(asText(inner as string));
    case "list_value": {
      const items = ((inner as TextMessage).values ?? []).map((item) => celValueOf(item as TextMessage));
      return items.includes(undefined) ? undefined : (items as CelValue[]);
    }
    case "map_value": {
      const map = new CelMap();
      for (const entry of (inner as TextMessage).entries ?? []) {
        const [key, value] = [one(entry as TextMessage, "key"), one(entry as TextMessage, "value")].map((part) =>
          celValueOf(part as TextMessage),
        );
        if (key === undefined || value === undefined) return undefined;
        map.add(key, value);
      }
      return map;
    }
    case "object_value":
      return objectOf(inner as TextMessage);
  }
  return undefined;
}

function doubleOf(field: TextField): number {
  if (typeof field === "string")
    return field.toLowerCase().includes("nan")
      ? Number.NaN
      : field.startsWith("-")
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  return Number(field);
}

function objectOf(message: TextMessage): CelValue | undefined {
  for (const [name, values] of Object.entries(message)) {
    const inner = values[0] as TextMessage;
    const seconds = BigInt((one(inner, "seconds") ?? 0n) as bigint);
    const nanos = BigInt((one(inner, "nanos") ?? 0n) as bigint);
    const total = seconds * 1_000_000_000n + nanos;
    if (name.includes("google.protobuf.Timestamp"))
      return compileCel(`timestamp(${seconds}) + duration('${nanos}ns')`, { variables: [] }).evaluate({});
    if (name.includes("google.protobuf.Duration"))
      return compileCel(`duration('${total}ns')`, { variables: [] }).evaluate({});
  }
  return undefined;
}

interface Case {
  readonly name: string;
  readonly expr: string;
  readonly bindings: Readonly<Record<string, CelValue>>;
  readonly value: CelValue | undefined;
  readonly isError: boolean;
}

function casesOf(file: string): { readonly cases: readonly Case[]; readonly left: number } {
  const document = parseTextProto(readFileSync(join(vectorsDirectory!, "cel", `${file}.textproto`), "utf8"));
  const cases: Case[] = [];
  let left = 0;
  for (const section of document.section ?? []) {
    for (const entry of (section as TextMessage).test ?? []) {
      const given = entry as TextMessage;
      const expr = asText(one(given, "expr") as string);
      const name = `${file}/${one(section as TextMessage, "name")}/${one(given, "name")}`;
      const expected = one(given, "value");
      const value = isMessage(expected) ? celValueOf(expected) : undefined;
      const isError = given.eval_error !== undefined;
      const bindings: Record<string, CelValue> = {};
      let isOurs = !PROTO.test(expr) && given.container === undefined && given.check_only === undefined;
      for (const binding of given.bindings ?? []) {
        const holder = one(binding as TextMessage, "value") as TextMessage;
        const inner = one(holder, "value");
        const bound = isMessage(inner) ? celValueOf(inner) : undefined;
        if (bound === undefined) isOurs = false;
        else bindings[asText(one(binding as TextMessage, "key") as string)] = bound;
      }
      // Cases without an outcome ask for true.
      const wanted =
        expected === undefined && !isError && given.typed_result === undefined && given.unknown === undefined
          ? true
          : value;
      if (!isOurs || (wanted === undefined && !isError)) left++;
      else cases.push({ name, expr, bindings, value: wanted, isError });
    }
  }
  return { cases, left };
}

function outcomeOf({ expr, bindings, value, isError }: Case): string {
  try {
    const variables = [...Object.keys(bindings), ...(isError ? (expr.match(/\b(?:x|y|foo)\b/g) ?? []) : [])];
    const found = compileCel(expr, { variables }).evaluate(bindings);
    if (isError) return "no error";
    return equal(found, value!) || (Number.isNaN(found) && Number.isNaN(value)) ? "right" : `wrong: ${String(found)}`;
  } catch (error) {
    if (!(error instanceof CelError) && !(error instanceof CelSyntaxError)) throw error;
    return isError ? "right" : `${error.name}: ${error.message}`;
  }
}

vectorTest("the cases of cel-spec", () => {
  const wrong: string[] = [];
  const differing = new Set<string>();
  let [right, left] = [0, 0];
  for (const file of FILES) {
    const { cases, left: passedOver } = casesOf(file);
    left += passedOver;
    for (const given of cases) {
      const outcome = outcomeOf(given);
      if (outcome === "right") right++;
      else if (differenceOf(given.name) !== undefined) differing.add(differenceOf(given.name)!);
      else wrong.push(`${given.name}: ${given.expr.slice(0, 100)} ${outcome}`);
    }
  }
  expect(wrong).toEqual([]);
  expect([...differing].sort()).toEqual(Object.keys(DIFFERENCES).sort());
  expect(right).toBeGreaterThan(800);
  expect(left).toBeLessThan(400);
});

test("the cases are read as they stand", () => {
  expect(parseTextProto('a: 1 b { c: "x\\377" "y" d: -2.5e3 } b <> e: NAME # no')).toEqual({
    a: [1n],
    b: [{ c: ["x\xffy"], d: [-2500] }, {}],
    e: ["NAME"],
  });
});
