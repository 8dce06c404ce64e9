/** Keywords about objects. */
import { type Emitter, type Frame, literal, memberOf, memberPath } from "./emitter.ts";
import { isObject, type Json, type JsonObject, pointerStep } from "./json.ts";
import { keywordOf } from "./one-sided.ts";
import { isSchema } from "./resources.ts";
import { whereOfType } from "./type-tests.ts";

const KEYWORDS = [
  "properties",
  "patternProperties",
  "additionalProperties",
  "propertyNames",
  "required",
  "dependentRequired",
  "minProperties",
  "maxProperties",
];

export function writeObjects(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  if (!KEYWORDS.some((keyword) => schema[keyword] !== undefined)) return;
  whereOfType("object", frame, emitter, () => {
    writeRequired(frame, schema, emitter);
    writeCounts(frame, schema, emitter);
    writeProperties(frame, schema, emitter);
    writeNames(frame, schema, emitter);
  });
}

/** The names that must be there, but for those that the other side gives. */
function neededNames({ oneSided }: Frame, { required }: JsonObject): readonly string[] {
  return asNames(required).filter((name) => !oneSided.has(name));
}

function writeRequired(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  const { properties } = schema;
  for (const name of neededNames(frame, schema)) {
    // Where its schema is written, so that it is looked for once.
    if (isObject(properties) && Object.hasOwn(properties, name)) continue;
    emitter.line(`if (${memberOf(data, name)} === undefined) { ${missing(frame, name, emitter)} }`);
  }
  if (!isObject(schema.dependentRequired)) return;
  for (const [name, needed] of Object.entries(schema.dependentRequired)) {
    const others = asNames(needed).filter((other) => !frame.oneSided.has(other));
    if (others.length === 0) continue;
    emitter.line(`if (${memberOf(data, name)} !== undefined) {`);
    for (const other of others) {
      const params = literal({ name: other, because: name });
      emitter.line(
        `if (${memberOf(data, other)} === undefined) { ${emitter.fail(frame, "dependentRequired", params)} }`,
      );
    }
    emitter.line("}");
  }
}

const missing = (frame: Frame, name: string, emitter: Emitter): string =>
  emitter.fail(frame, "required", literal({ name }));

function writeCounts(frame: Frame, { minProperties, maxProperties }: JsonObject, emitter: Emitter): void {
  if (typeof minProperties !== "number" && typeof maxProperties !== "number") return;
  const count = emitter.fresh("n");
  emitter.line(`const ${count} = Object.keys(${frame.data}).length;`);
  if (typeof minProperties === "number")
    emitter.line(
      `if (${count} < ${minProperties}) { ${emitter.fail(frame, "minProperties", `{ limit: ${minProperties} }`)} }`,
    );
  if (typeof maxProperties === "number")
    emitter.line(
      `if (${count} > ${maxProperties}) { ${emitter.fail(frame, "maxProperties", `{ limit: ${maxProperties} }`)} }`,
    );
}

function writeProperties(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { tracker } = frame;
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const needed = new Set(neededNames(frame, schema));
  for (const [name, one] of properties) {
    writeProperty(frame, name, one, needed.has(name), emitter);
    if (tracker !== undefined) emitter.line(`${tracker}.names.add(${literal(name)});`);
  }
  writeOtherProperties(
    frame,
    schema,
    properties.map(([name]) => name),
    emitter,
  );
}

function writeProperty(frame: Frame, name: string, schema: Json, isNeeded: boolean, emitter: Emitter): void {
  const { direction, oneSided } = emitter.options;
  const isRefused = direction !== undefined && oneSided === "refuse" && frame.oneSided.has(name);
  if (schema === true && !isNeeded && !isRefused) return;
  const member = emitter.fresh("v");
  emitter.line(`{ const ${member} = ${memberOf(frame.data, name)};`);
  if (isNeeded) emitter.line(`if (${member} === undefined) { ${missing(frame, name, emitter)} }`);
  // After a violation only those go on that collect.
  emitter.line(isNeeded && !emitter.collects ? "{" : `${isNeeded ? "else " : ""}if (${member} !== undefined) {`);
  const changes = { data: member, path: memberPath(frame, name) };
  if (isRefused) emitter.line(emitter.fail({ ...frame, ...changes }, keywordOf(direction)));
  else emitter.apply(frame, schema, `/properties${pointerStep(name)}`, changes);
  emitter.line("} }");
}

/** Names that patterns fit, and those that nothing has named, in one walk over the members. */
function writeOtherProperties(frame: Frame, schema: JsonObject, named: readonly string[], emitter: Emitter): void {
  const { data, tracker } = frame;
  const patterns = isObject(schema.patternProperties) ? Object.entries(schema.patternProperties) : [];
  const { additionalProperties: others } = schema;
  const isAsked = isSchema(others) && (others !== true || tracker !== undefined);
  if (patterns.length === 0 && !isAsked) return;
  const [key, fits] = [emitter.fresh("k_"), emitter.fresh("b")];
  emitter.line(`for (const ${key} in ${data}) { let ${fits} = ${namedTest(key, named, emitter)};`);
  for (const [pattern, one] of patterns) {
    emitter.line(`if (${emitter.hoist(`rt.pattern(${literal(pattern)})`)}.test(${key})) { ${fits} = true;`);
    writeMember(frame, one, `/patternProperties${pointerStep(pattern)}`, key, emitter);
    if (tracker !== undefined) emitter.line(`${tracker}.names.add(${key});`);
    emitter.line("}");
  }
  if (isAsked) {
    emitter.line(`if (!${fits}) {`);
    if (others === false) emitter.line(emitter.fail(frame, "additionalProperties", `{ name: ${key} }`));
    else writeMember(frame, others, "/additionalProperties", key, emitter);
    if (tracker !== undefined) emitter.line(`${tracker}.names.add(${key});`);
    emitter.line("}");
  }
  emitter.line("}");
}

function namedTest(key: string, named: readonly string[], emitter: Emitter): string {
  if (named.length === 0) return "false";
  if (named.length > 6) return `${emitter.hoist(`new Set(${literal(named)})`)}.has(${key})`;
  return named.map((name) => `${key} === ${literal(name)}`).join(" || ");
}

function writeMember(frame: Frame, schema: Json, step: string, key: string, emitter: Emitter): void {
  if (schema === true) return;
  const member = emitter.fresh("v");
  emitter.line(`const ${member} = ${frame.data}[${key}];`);
  emitter.apply(frame, schema, step, { data: member, path: `${frame.path} + rt.step(${key})` });
}

function writeNames(frame: Frame, { propertyNames }: JsonObject, emitter: Emitter): void {
  if (!isSchema(propertyNames) || propertyNames === true) return;
  const key = emitter.fresh("k_");
  emitter.line(`for (const ${key} in ${frame.data}) {`);
  emitter.apply(frame, propertyNames, "/propertyNames", {
    data: key,
    path: `${frame.path} + rt.step(${key})`,
  });
  emitter.line("}");
}

/** After everything else: members that nothing has looked at. */
export function writeUnevaluatedProperties(frame: Frame, tracker: string, schema: JsonObject, emitter: Emitter): void {
  const { unevaluatedProperties: others } = schema;
  if (!isSchema(others)) return;
  whereOfType("object", frame, emitter, () => {
    if (others !== true) {
      const key = emitter.fresh("k_");
      emitter.line(
        `if (!${tracker}.all) for (const ${key} in ${frame.data}) { if (${tracker}.names.has(${key})) continue;`,
      );
      if (others === false) emitter.line(emitter.fail(frame, "unevaluatedProperties", `{ name: ${key} }`));
      else writeMember(frame, others, "/unevaluatedProperties", key, emitter);
      emitter.line("}");
    }
    emitter.line(`${tracker}.all = true;`);
  });
}

export const asNames = (value: Json): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
