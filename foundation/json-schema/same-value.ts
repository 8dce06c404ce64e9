/** Which schemas are held against the same value because another is: when that goes round, no check would ever end. */
import { isObject, type Json, type JsonObject } from "./json.ts";
import { isSchema, type Place, type SchemaResources } from "./resources.ts";

export class SameValue {
  readonly #places = new Map<Json, Place>();
  /** How many schemas have a dynamic anchor, by its name. */
  readonly #dynamicAnchors = new Map<string, number>();

  add(place: Place, schema: JsonObject): void {
    this.#places.set(schema, place);
    const { $dynamicAnchor: anchor } = schema;
    if (typeof anchor === "string") this.#dynamicAnchors.set(anchor, (this.#dynamicAnchors.get(anchor) ?? 0) + 1);
  }

  /** The schemas that lead to themselves, one for each round. */
  endless(resources: SchemaResources): readonly Place[] {
    const found: Place[] = [];
    const states = new Map<Json, "open" | "done">();
    for (const start of this.#places.keys()) {
      const way: { readonly schema: Json; readonly left: Json[] }[] = [];
      const enter = (schema: Json): void => {
        const place = this.#places.get(schema);
        if (place === undefined || states.get(schema) === "done") return;
        if (states.get(schema) === "open") {
          found.push(place);
          return;
        }
        states.set(schema, "open");
        way.push({ schema, left: this.#next(place, resources) });
      };
      enter(start);
      for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
        const next = top.left.pop();
        if (next !== undefined) enter(next);
        else {
          states.set(top.schema, "done");
          way.pop();
        }
      }
    }
    return found;
  }

  #next({ schema, resource }: Place, resources: SchemaResources): Json[] {
    if (!isObject(schema)) return [];
    const next: Json[] = [];
    if (typeof schema.$ref === "string") next.push(resources.resolve(schema.$ref, resource)?.schema);
    if (resource.dialect === "openapi-3.0" && next.length > 0) return next;
    if (typeof schema.$dynamicRef === "string") {
      const target = resources.resolve(schema.$dynamicRef, resource)?.schema;
      const anchor = isObject(target) ? target.$dynamicAnchor : undefined;
      // Where it may lead elsewhere, values decide; steps are counted while they do.
      if (typeof anchor !== "string" || this.#dynamicAnchors.get(anchor) === 1) next.push(target);
    }
    for (const name of ["allOf", "anyOf", "oneOf"]) if (Array.isArray(schema[name])) next.push(...schema[name]);
    for (const name of ["not", "if", "then", "else"]) next.push(schema[name]);
    if (isObject(schema.dependentSchemas)) next.push(...Object.values(schema.dependentSchemas));
    return next.filter((one) => isSchema(one));
  }
}
