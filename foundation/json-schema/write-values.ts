/** Keywords about single values: type, const, enum, numbers, strings. */
import { type Emitter, type Frame, literal } from "./emitter.ts";
import { FORMATS } from "./formats.ts";
import type { Json, JsonObject } from "./json.ts";
import { FORMAT_ASSERTION } from "./keywords.ts";
import { typeTest, whereOfType } from "./type-tests.ts";

export function writeType(frame: Frame, types: readonly string[], emitter: Emitter): void {
  const tests = types.map((type) => `(${typeTest(type, frame.data)})`);
  emitter.line(`if (!(${tests.join(" || ")})) { ${emitter.fail(frame, "type", literal({ types }))} }`);
}

const isPlain = (value: Json): boolean => typeof value !== "object" || value === null;

export function writeChoices(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  if (Object.hasOwn(schema, "const")) {
    const value = schema.const;
    const test = isPlain(value)
      ? `${data} === ${literal(value)}`
      : `rt.equal(${data}, ${emitter.hoist(literal(value))})`;
    emitter.line(`if (!(${test})) { ${emitter.fail(frame, "const", `{ value: ${literal(value)} }`)} }`);
  }
  if (Array.isArray(schema.enum)) {
    const plain = schema.enum.filter(isPlain);
    const others = schema.enum.filter((value) => !isPlain(value));
    const tests: string[] = [];
    if (plain.length > 8) tests.push(`${emitter.hoist(`new Set(${literal(plain)})`)}.has(${data})`);
    else tests.push(...plain.map((value) => `${data} === ${literal(value)}`));
    tests.push(...others.map((value) => `rt.equal(${data}, ${emitter.hoist(literal(value))})`));
    const params = `{ values: ${emitter.hoist(literal(schema.enum))} }`;
    emitter.line(`if (!(${tests.join(" || ") || "false"})) { ${emitter.fail(frame, "enum", params)} }`);
  }
}

/** By keyword: the operator that a number must satisfy. */
const BOUNDS = { maximum: "<=", exclusiveMaximum: "<", minimum: ">=", exclusiveMinimum: ">" } as const;

export function writeNumbers(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  const lines: string[] = [];
  for (const [keyword, operator] of Object.entries(BOUNDS)) {
    const limit = schema[keyword];
    if (typeof limit !== "number") continue;
    lines.push(`if (!(${data} ${operator} ${limit})) { ${emitter.fail(frame, keyword, `{ limit: ${limit} }`)} }`);
  }
  const { multipleOf } = schema;
  if (typeof multipleOf === "number") {
    const exact = `${emitter.hoist(`rt.multipleOf(${multipleOf})`)}(${data})`;
    const test = Number.isSafeInteger(multipleOf)
      ? `(Number.isSafeInteger(${data}) ? ${data} % ${multipleOf} === 0 : ${exact})`
      : exact;
    lines.push(`if (!${test}) { ${emitter.fail(frame, "multipleOf", `{ of: ${multipleOf} }`)} }`);
  }
  writeLines("number", frame, emitter, lines);
}

export function writeStrings(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  const lines: string[] = [];
  const { minLength, maxLength, pattern, format } = schema;
  // A character takes one or two units: most lengths are known without counting.
  if (typeof maxLength === "number") {
    const test = `(${data}.length <= ${maxLength} || (${data}.length <= ${2 * maxLength} && rt.length(${data}) <= ${maxLength}))`;
    lines.push(`if (!${test}) { ${emitter.fail(frame, "maxLength", `{ limit: ${maxLength} }`)} }`);
  }
  if (typeof minLength === "number" && minLength > 0) {
    const test = `(${data}.length >= ${2 * minLength} || (${data}.length >= ${minLength} && rt.length(${data}) >= ${minLength}))`;
    lines.push(`if (!${test}) { ${emitter.fail(frame, "minLength", `{ limit: ${minLength} }`)} }`);
  }
  if (typeof pattern === "string") {
    const matcher = emitter.hoist(`rt.pattern(${literal(pattern)})`);
    lines.push(`if (!${matcher}.test(${data})) { ${emitter.fail(frame, "pattern", literal({ pattern }))} }`);
  }
  const check = typeof format === "string" && isAsserted(frame, emitter) ? FORMATS.get(format) : undefined;
  if (check !== undefined) {
    const test = `${emitter.hoist(`rt.format(${literal(format)})`)}(${data})`;
    const line = `if (!${test}) { ${emitter.fail(frame, "format", literal({ format }))} }`;
    if (check.of === "string") lines.push(line);
    else writeLines("number", frame, emitter, [line]);
  }
  writeLines("string", frame, emitter, lines);
}

/** By the option, or where the vocabulary that asserts is in the place of the one that informs. */
function isAsserted({ place: { resource } }: Frame, { options, resources }: Emitter): boolean {
  if (options.assertFormat) return true;
  const meta = resources.metaSchemaOf(resource);
  return typeof meta !== "string" && meta.vocabularies?.has(FORMAT_ASSERTION) === true;
}

function writeLines(type: "number" | "string", frame: Frame, emitter: Emitter, lines: readonly string[]): void {
  if (lines.length === 0) return;
  whereOfType(type, frame, emitter, () => {
    for (const line of lines) emitter.line(line);
  });
}
