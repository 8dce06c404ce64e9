/** All keywords of one schema, in the order in which they are looked at: what is cheap first, what depends on the others last. */

import { meantKeywords } from "./dialects.ts";
import { type Emitter, type Frame, literal } from "./emitter.ts";
import { isObject, type JsonObject, pointerStep } from "./json.ts";
import { oneSidedOf } from "./one-sided.ts";
import { isSchema } from "./resources.ts";
import { typeTest } from "./type-tests.ts";
import { writeArrays, writeUnevaluatedItems } from "./write-arrays.ts";
import { writeObjects, writeUnevaluatedProperties } from "./write-objects.ts";
import { writeChoices, writeNumbers, writeStrings, writeType } from "./write-values.ts";

export function writeSchema(frame: Frame, emitter: Emitter): void {
  const { schema, resource } = frame.place;
  if (schema === true) return;
  if (schema === false) {
    emitter.line(emitter.fail(frame, "false"));
    return;
  }
  if (!isObject(schema)) return;
  const meta = emitter.resources.metaSchemaOf(resource);
  // What is not known has been refused before.
  if (typeof meta === "string") return;
  const meant = meantKeywords(schema, resource.dialect, meta);
  if (meant.unevaluatedProperties === undefined && meant.unevaluatedItems === undefined) {
    writeKeywords(frame, meant, emitter);
    return;
  }
  // What others have evaluated does not count here; what is evaluated here counts for them.
  const tracker = emitter.fresh("t");
  emitter.line(`const ${tracker} = rt.tracker();`);
  writeKeywords({ ...frame, tracker }, meant, emitter);
  writeUnevaluatedProperties(frame, tracker, meant, emitter);
  writeUnevaluatedItems(frame, tracker, meant, emitter);
  if (frame.tracker !== undefined) emitter.line(`rt.merge(${frame.tracker}, ${tracker});`);
}

function writeKeywords(outer: Frame, schema: JsonObject, emitter: Emitter): void {
  const { type } = schema;
  const types = typeof type === "string" ? [type] : Array.isArray(type) ? type : [];
  let frame: Frame = { ...outer, oneSided: oneSidedOf(outer, schema, emitter.resources, emitter.options.direction) };
  if (types.length > 0) {
    writeType(frame, types, emitter);
    // After a violation only those go on that collect.
    if (!emitter.collects && types.length === 1) frame = { ...frame, type: types[0] };
  }
  writeChoices(frame, schema, emitter);
  writeNumbers(frame, schema, emitter);
  writeStrings(frame, schema, emitter);
  writeReferences(frame, schema, emitter);
  writeObjects(frame, schema, emitter);
  writeArrays(frame, schema, emitter);
  writeCombinations(frame, schema, emitter);
}

function writeReferences(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { resource } = frame.place;
  if (typeof schema.$ref === "string") {
    const target = emitter.resources.resolve(schema.$ref, resource)!;
    emitter.line(`if (!${emitter.call(frame, target)}) { ${frame.failed} }`);
  }
  if (typeof schema.$dynamicRef === "string") {
    const target = emitter.resources.resolve(schema.$dynamicRef, resource)!;
    // Only one that leads to a dynamic anchor by its name is dynamic (Core §8.2.3.2).
    const anchor = schema.$dynamicRef.slice(schema.$dynamicRef.indexOf("#") + 1);
    const isDynamic = isObject(target.schema) && target.schema.$dynamicAnchor === anchor;
    const call = isDynamic ? emitter.dynamicCall(frame, anchor, target) : emitter.call(frame, target);
    emitter.line(`if (!${call}) { ${frame.failed} }`);
  }
}

function writeCombinations(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { tracker, data } = frame;
  if (Array.isArray(schema.allOf)) {
    for (const [index, one] of schema.allOf.entries()) emitter.apply(frame, one, `/allOf/${index}`, {});
  }
  if (Array.isArray(schema.anyOf)) writeAny(frame, schema.anyOf, emitter);
  if (Array.isArray(schema.oneOf)) writeOne(frame, schema.oneOf, emitter);
  if (isSchema(schema.not)) {
    const { ok } = emitter.test({ ...frame, tracker: undefined }, schema.not, "/not");
    emitter.line(`if (${ok}) { ${emitter.fail(frame, "not")} }`);
  }
  if (isSchema(schema.if)) writeCondition(frame, schema, emitter);
  if (isObject(schema.dependentSchemas)) {
    for (const [name, one] of Object.entries(schema.dependentSchemas)) {
      emitter.line(`if (${typeTest("object", data)} && Object.hasOwn(${data}, ${literal(name)})) {`);
      emitter.apply(frame, one, `/dependentSchemas${pointerStep(name)}`, { tracker });
      emitter.line("}");
    }
  }
}

const mergeOf = (frame: Frame, inner: string | undefined): string =>
  frame.tracker === undefined ? "" : `rt.merge(${frame.tracker}, ${inner});`;

function writeAny(frame: Frame, schemas: readonly unknown[], emitter: Emitter): void {
  const [fits, label] = [emitter.fresh("a"), emitter.fresh("L")];
  const collected: string[] = [];
  emitter.line(`let ${fits} = false; ${label}: {`);
  for (const [index, one] of schemas.entries()) {
    const { ok, errors, tracker } = emitter.test(frame, one, `/anyOf/${index}`);
    // Where somebody asks what was evaluated, all that fit have a say.
    emitter.line(
      `if (${ok}) { ${fits} = true; ${mergeOf(frame, tracker)} ${tracker === undefined ? `break ${label};` : ""} }`,
    );
    collected.push(errors);
  }
  const others = emitter.collects ? `rt.addAll(${frame.errors}, ${collected.join(", ")});` : "";
  // The reasons of all branches are told with it.
  emitter.line(`if (!${fits}) { ${others} ${emitter.fail(frame, "anyOf")} } }`);
}

function writeOne(frame: Frame, schemas: readonly unknown[], emitter: Emitter): void {
  const count = emitter.fresh("n");
  const collected: string[] = [];
  emitter.line(`let ${count} = 0; {`);
  for (const [index, one] of schemas.entries()) {
    const { ok, errors, tracker } = emitter.test(frame, one, `/oneOf/${index}`);
    const tooMany = emitter.collects ? "" : `if (${count} > 1) { ${frame.failed} }`;
    emitter.line(`if (${ok}) { ${count}++; ${mergeOf(frame, tracker)} ${tooMany} }`);
    collected.push(errors);
  }
  const others = emitter.collects ? `if (${count} === 0) rt.addAll(${frame.errors}, ${collected.join(", ")});` : "";
  emitter.line(`if (${count} !== 1) { ${others} ${emitter.fail(frame, "oneOf", `{ fitting: ${count} }`)} } }`);
}

function writeCondition(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const hasThen = isSchema(schema.then);
  const hasElse = isSchema(schema.else);
  if (!hasThen && !hasElse && frame.tracker === undefined) return;
  emitter.line("{");
  const { ok, tracker } = emitter.test(frame, schema.if, "/if");
  emitter.line(`if (${ok}) { ${mergeOf(frame, tracker)}`);
  if (hasThen) emitter.apply(frame, schema.then, "/then", {});
  emitter.line("} else {");
  if (hasElse) emitter.apply(frame, schema.else, "/else", {});
  emitter.line("} }");
}
