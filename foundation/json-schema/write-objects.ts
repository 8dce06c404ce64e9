/** Keywords about objects. */
import { type Emitter, type Frame, literal, memberOf, memberPath } from "./emitter.ts";
import { isObject, type Json, type JsonObject, pointerStep } from "./json.ts";
import { isSchema } from "./resources.ts";
import { isObjectTest } from "./write-values.ts";

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
  emitter.line(`if ${isObjectTest(frame.data)} {`);
  writeRequired(frame, schema, emitter);
  writeCounts(frame, schema, emitter);
  writeProperties(frame, schema, emitter);
  writeNames(frame, schema, emitter);
  emitter.line("}");
}

function writeRequired(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  for (const name of asNames(schema.required)) {
    if (isNotAskedFor(schema, name, emitter)) continue;
    emitter.line(
      `if (${memberOf(data, name)} === undefined) { ${emitter.fail(frame, "required", literal({ name }))} }`,
    );
  }
  if (!isObject(schema.dependentRequired)) return;
  for (const [name, needed] of Object.entries(schema.dependentRequired)) {
    const missing = asNames(needed);
    if (missing.length === 0) continue;
    emitter.line(`if (${memberOf(data, name)} !== undefined) {`);
    for (const other of missing) {
      const params = literal({ name: other, because: name });
      emitter.line(
        `if (${memberOf(data, other)} === undefined) { ${emitter.fail(frame, "dependentRequired", params)} }`,
      );
    }
    emitter.line("}");
  }
}

/** Members that only the other side gives are not asked for from this one (OpenAPI 3.1 §4.8.24, `readOnly` and `writeOnly`). */
function isNotAskedFor(schema: JsonObject, name: string, emitter: Emitter): boolean {
  const { direction } = emitter.options;
  if (direction === undefined || !isObject(schema.properties) || !Object.hasOwn(schema.properties, name)) return false;
  const keyword = direction === "request" ? "readOnly" : "writeOnly";
  let member: Json = schema.properties[name];
  // Through references, as far as they are there; in a circle nothing is found.
  for (let hops = 0; hops < 8 && isObject(member); hops++) {
    if (member[keyword] === true) return true;
    const place = emitter.resources.placeOf(member);
    if (typeof member.$ref !== "string" || place === undefined) return false;
    member = emitter.resources.resolve(member.$ref, place.resource)?.schema;
  }
  return false;
}

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
  const { data, tracker } = frame;
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  for (const [name, one] of properties) {
    if (one !== true) {
      const member = emitter.fresh("v");
      emitter.line(`{ const ${member} = ${memberOf(data, name)}; if (${member} !== undefined) {`);
      emitter.apply(frame, one, `/properties${pointerStep(name)}`, {
        data: member,
        path: memberPath(frame, name),
        tracker: undefined,
      });
      emitter.line("} }");
    }
    if (tracker !== undefined) emitter.line(`${tracker}.names.add(${literal(name)});`);
  }
  writeOtherProperties(
    frame,
    schema,
    properties.map(([name]) => name),
    emitter,
  );
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
  emitter.apply(frame, schema, step, { data: member, path: `${frame.path} + rt.step(${key})`, tracker: undefined });
}

function writeNames(frame: Frame, { propertyNames }: JsonObject, emitter: Emitter): void {
  if (!isSchema(propertyNames) || propertyNames === true) return;
  const key = emitter.fresh("k_");
  emitter.line(`for (const ${key} in ${frame.data}) {`);
  emitter.apply(frame, propertyNames, "/propertyNames", {
    data: key,
    path: `${frame.path} + rt.step(${key})`,
    tracker: undefined,
  });
  emitter.line("}");
}

/** After everything else: members that nothing has looked at. */
export function writeUnevaluatedProperties(frame: Frame, tracker: string, schema: JsonObject, emitter: Emitter): void {
  const { unevaluatedProperties: others } = schema;
  if (!isSchema(others)) return;
  emitter.line(`if ${isObjectTest(frame.data)} {`);
  if (others !== true) {
    const key = emitter.fresh("k_");
    emitter.line(
      `if (!${tracker}.all) for (const ${key} in ${frame.data}) { if (${tracker}.names.has(${key})) continue;`,
    );
    if (others === false) emitter.line(emitter.fail(frame, "unevaluatedProperties", `{ name: ${key} }`));
    else writeMember(frame, others, "/unevaluatedProperties", key, emitter);
    emitter.line("}");
  }
  emitter.line(`${tracker}.all = true; }`);
}

export const asNames = (value: Json): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
