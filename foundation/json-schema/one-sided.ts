/** Members that only one side gives: `readOnly` in requests, `writeOnly` in responses (OpenAPI 3.1 §4.8.24). */
import type { Frame } from "./emitter.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import type { Resource, SchemaResources } from "./resources.ts";

type Direction = "request" | "response" | undefined;

/** Schemas that hold for the same value, one after the other through references: as far as anybody looks. */
const HOPS_MAX = 16;

/** What the frame knows of, and what a schema for the same value says: itself and all that must hold with it. */
export function oneSidedOf(
  frame: Frame,
  schema: JsonObject,
  resources: SchemaResources,
  direction: Direction,
): ReadonlySet<string> {
  if (direction === undefined) return frame.oneSided;
  const keyword = keywordOf(direction);
  const names = new Set(frame.oneSided);
  for (const one of heldTogether(schema, frame.place.resource, resources)) {
    if (!isObject(one.schema.properties)) continue;
    for (const [name, member] of Object.entries(one.schema.properties)) {
      if (!isObject(member)) continue;
      const place = resources.placeOf(member)?.resource ?? one.resource;
      if (heldTogether(member, place, resources).some((part) => part.schema[keyword] === true)) names.add(name);
    }
  }
  return names.size === frame.oneSided.size ? frame.oneSided : names;
}

export const keywordOf = (direction: "request" | "response"): "readOnly" | "writeOnly" =>
  direction === "request" ? "readOnly" : "writeOnly";

interface Held {
  readonly schema: JsonObject;
  readonly resource: Resource;
}

/** A schema, and those that its references and `allOf` lead to. */
function heldTogether(schema: JsonObject, resource: Resource, resources: SchemaResources): readonly Held[] {
  const found = new Map<JsonObject, Held>([[schema, { schema, resource }]]);
  // What is added while it is walked over is walked over too.
  for (const { schema: one, resource: own } of found.values()) {
    if (found.size > HOPS_MAX) break;
    const target = typeof one.$ref === "string" ? resources.resolve(one.$ref, own) : undefined;
    if (target !== undefined) add(target.schema, target.resource);
    if (own.dialect === "openapi-3.0" && target !== undefined) continue;
    for (const part of Array.isArray(one.allOf) ? one.allOf : []) add(part, resources.placeOf(part)?.resource ?? own);
  }
  return [...found.values()];

  function add(part: Json, own: Resource): void {
    if (isObject(part) && !found.has(part)) found.set(part, { schema: part, resource: own });
  }
}
