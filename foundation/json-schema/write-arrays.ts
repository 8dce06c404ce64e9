/** Keywords about arrays. */
import { type Emitter, type Frame, ofOther } from "./emitter.ts";
import type { JsonObject } from "./json.ts";
import { pointerStep } from "./json.ts";
import { isSchema } from "./resources.ts";
import { whereOfType } from "./type-tests.ts";

const KEYWORDS = ["prefixItems", "items", "contains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"];

export function writeArrays(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  if (!KEYWORDS.some((keyword) => schema[keyword] !== undefined)) return;
  whereOfType("array", frame, emitter, () => {
    writeCounts(frame, schema, emitter);
    writeItems(frame, schema, emitter);
    writeContains(frame, schema, emitter);
  });
}

function writeCounts(frame: Frame, { minItems, maxItems, uniqueItems }: JsonObject, emitter: Emitter): void {
  const { data } = frame;
  if (typeof minItems === "number")
    emitter.line(`if (${data}.length < ${minItems}) { ${emitter.fail(frame, "minItems", `{ limit: ${minItems} }`)} }`);
  if (typeof maxItems === "number")
    emitter.line(`if (${data}.length > ${maxItems}) { ${emitter.fail(frame, "maxItems", `{ limit: ${maxItems} }`)} }`);
  if (uniqueItems === true) emitter.line(`if (!rt.unique(${data})) { ${emitter.fail(frame, "uniqueItems")} }`);
}

function writeItems(frame: Frame, { prefixItems, items }: JsonObject, emitter: Emitter): void {
  const { data, tracker } = frame;
  const prefix = Array.isArray(prefixItems) ? prefixItems : [];
  for (const [index, one] of prefix.entries()) {
    if (one === true) continue;
    const item = emitter.fresh("v");
    emitter.line(`if (${data}.length > ${index}) { const ${item} = ${data}[${index}];`);
    emitter.apply(frame, one, `/prefixItems/${index}`, {
      data: item,
      path: `${frame.path} + "/${index}"`,
    });
    emitter.line("}");
  }
  if (tracker !== undefined && prefix.length > 0)
    emitter.line(`if (${tracker}.items < ${prefix.length}) ${tracker}.items = ${prefix.length};`);
  if (!isSchema(items)) return;
  if (items !== true) writeEach(frame, items, "items", String(prefix.length), emitter);
  if (tracker !== undefined) emitter.line(`${tracker}.items = Infinity;`);
}

function writeEach(frame: Frame, schema: JsonObject | boolean, keyword: string, from: string, emitter: Emitter): void {
  const { data } = frame;
  if (schema === false) {
    emitter.line(`if (${data}.length > ${from}) { ${emitter.fail(frame, keyword, `{ limit: ${from} }`)} }`);
    return;
  }
  const [index, item] = [emitter.fresh("i"), emitter.fresh("v")];
  emitter.line(
    `for (let ${index} = ${from}; ${index} < ${data}.length; ${index}++) { const ${item} = ${data}[${index}];`,
  );
  emitter.apply(frame, schema, pointerStep(keyword), {
    data: item,
    path: `${frame.path} + "/" + ${index}`,
  });
  emitter.line("}");
}

function writeContains(frame: Frame, schema: JsonObject, emitter: Emitter): void {
  const { contains } = schema;
  if (!isSchema(contains)) return;
  const { data, tracker } = frame;
  const least = typeof schema.minContains === "number" ? schema.minContains : 1;
  const most = typeof schema.maxContains === "number" ? schema.maxContains : undefined;
  const [found, index, item] = [emitter.fresh("n"), emitter.fresh("i"), emitter.fresh("v")];
  emitter.line(
    `let ${found} = 0; for (let ${index} = 0; ${index} < ${data}.length; ${index}++) { const ${item} = ${data}[${index}];`,
  );
  const { ok } = emitter.test(ofOther(frame, item), contains, "/contains");
  emitter.line(`if (${ok}) { ${found}++;`);
  if (tracker !== undefined) emitter.line(`${tracker}.contained.add(${index});`);
  // All are looked at only where somebody asks which they are, or that they are not too many.
  else if (most === undefined) emitter.line(`if (${found} >= ${least}) break;`);
  emitter.line("} }");
  const where = schema.minContains === undefined ? "contains" : "minContains";
  emitter.line(`if (${found} < ${least}) { ${emitter.fail(frame, where, `{ least: ${least} }`)} }`);
  if (most !== undefined)
    emitter.line(`if (${found} > ${most}) { ${emitter.fail(frame, "maxContains", `{ most: ${most} }`)} }`);
}

/** After everything else: items that nothing has looked at. */
export function writeUnevaluatedItems(frame: Frame, tracker: string, schema: JsonObject, emitter: Emitter): void {
  const { unevaluatedItems } = schema;
  if (!isSchema(unevaluatedItems)) return;
  const { data } = frame;
  const [index, item] = [emitter.fresh("i"), emitter.fresh("v")];
  emitter.line(`if (Array.isArray(${data})) {`);
  if (unevaluatedItems !== true) {
    emitter.line(
      `for (let ${index} = ${tracker}.items; ${index} < ${data}.length; ${index}++) { if (${tracker}.contained.has(${index})) continue; const ${item} = ${data}[${index}];`,
    );
    if (unevaluatedItems === false) emitter.line(emitter.fail(frame, "unevaluatedItems", `{ index: ${index} }`));
    else
      emitter.apply(frame, unevaluatedItems, "/unevaluatedItems", {
        data: item,
        path: `${frame.path} + "/" + ${index}`,
      });
    emitter.line("}");
  }
  emitter.line(`${tracker}.items = Infinity; }`);
}
