/** Whether schemas can be used: a walk over all that is reached from them, through references and into other documents, that tells everything that is wrong. */
import { keywordIn, type MetaSchema } from "./dialects.ts";
import { FORMATS } from "./formats.ts";
import { isObject, type Json, type JsonObject, pointerStep } from "./json.ts";
import { FORMAT_ASSERTION, KEYWORDS, type Keyword } from "./keywords.ts";
import type { SchemaLimits } from "./limits.ts";
import { loadValidators, type Validator } from "./load-validators.ts";
import type { SchemaProblem } from "./problem.ts";
import { isSchema, type Place, partOf, type Resource, SchemaResources, shownAddress, subschemas } from "./resources.ts";
import { SameValue } from "./same-value.ts";
import { writeModules } from "./write-module.ts";

export interface CheckOptions {
  readonly limits: SchemaLimits;
  readonly assertFormat: boolean;
  /** @throws for a pattern that cannot be used */
  readonly pattern: (source: string) => unknown;
}

export interface SchemaReport {
  /** Nothing can be compiled with these. */
  readonly problems: readonly SchemaProblem[];
  /** What is no error, and has no effect though it reads as if it had. */
  readonly warnings: readonly SchemaProblem[];
}

export function checkSchemas(
  places: readonly Place[],
  resources: SchemaResources,
  options: CheckOptions,
): SchemaReport {
  return new Walk(resources, options).report(places);
}

class Walk {
  readonly #resources: SchemaResources;
  readonly #options: CheckOptions;
  readonly #problems: SchemaProblem[] = [];
  readonly #warnings: SchemaProblem[] = [];
  readonly #seen = new Set<Json>();
  readonly #toVisit: { readonly place: Place; readonly depth: number }[] = [];
  readonly #sameValue = new SameValue();

  constructor(resources: SchemaResources, options: CheckOptions) {
    this.#resources = resources;
    this.#options = options;
  }

  report(places: readonly Place[]): SchemaReport {
    const { schemasMax, depthMax } = this.#options.limits;
    // The last one is visited first: they come in the order in which they stand.
    for (const place of places.toReversed()) this.#toVisit.push({ place, depth: 0 });
    for (let next = this.#toVisit.pop(); next !== undefined; next = this.#toVisit.pop()) {
      const { place, depth } = next;
      if (this.#seen.has(place.schema) && typeof place.schema === "object") continue;
      this.#seen.add(place.schema);
      if (this.#seen.size > schemasMax) {
        this.#problem(place, "", `More than ${schemasMax} schemas are reached.`);
        break;
      }
      if (depth > depthMax) this.#problem(place, "", `Schemas are nested more than ${depthMax} deep.`);
      else this.#visit(place, depth);
    }
    for (const place of this.#sameValue.endless(this.#resources))
      this.#problem(place, "", "It refers to itself for the same value: no check would ever end.");
    return { problems: this.#problems, warnings: this.#warnings };
  }

  #visit(place: Place, depth: number): void {
    const { schema, resource } = place;
    if (!isSchema(schema)) {
      this.#problem(place, "", "A schema is an object, true or false.");
      return;
    }
    if (typeof schema === "boolean") {
      // There only `additionalProperties` may be one.
      if (resource.dialect === "openapi-3.0" && !place.pointer.endsWith("/additionalProperties"))
        this.#problem(place, "", "A schema of OpenAPI 3.0 is an object.");
      return;
    }
    const ambiguity = this.#resources.ambiguityOf(schema);
    if (ambiguity !== undefined) this.#problem(place, "", ambiguity);
    const meta = this.#metaSchema(place, schema);
    if (meta === undefined) return;
    const isReference = resource.dialect === "openapi-3.0" && typeof schema.$ref === "string";
    this.#sameValue.add(place, schema);
    for (const [name, value] of Object.entries(schema)) {
      if (isReference && name !== "$ref") continue;
      const keyword = keywordIn(name, resource.dialect, meta);
      if (keyword !== undefined) this.#keyword(place, name, value, keyword);
      else if (resource.dialect === "openapi-3.0" && KEYWORDS[name] !== undefined)
        this.#warning(place, pointerStep(name), `${JSON.stringify(name)} means nothing in OpenAPI 3.0.`);
    }
    if (isReference) return;
    for (const child of [...subschemas(schema, resource.dialect, meta)].reverse()) {
      const childPlace = this.#resources.placeOf(child.schema) ?? partOf(place, child.schema, child.step);
      this.#toVisit.push({ place: childPlace, depth: depth + 1 });
    }
  }

  /** What the schema's `$schema` says; undefined when that is not known, which is told. */
  #metaSchema(place: Place, schema: JsonObject): MetaSchema | undefined {
    const { resource } = place;
    if (resource.dialect === "openapi-3.0") return { isOpenApi: false, vocabularies: undefined };
    const meta = this.#resources.metaSchemaOf(resource);
    if (typeof meta === "string") {
      this.#unknownDialect(resource, meta);
      return undefined;
    }
    if (typeof schema.$schema === "string" && schema.$schema !== resource.metaSchema?.uri) {
      this.#problem(place, "/$schema", "$schema stands in schemas with an address of their own only.");
      return undefined;
    }
    return meta;
  }

  /** Told once, where it is said. */
  #unknownDialect({ metaSchema }: Resource, message: string): void {
    const { document, pointer } = metaSchema!.place;
    const problem: SchemaProblem = { document: shownAddress(document), pointer, message };
    if (this.#problems.some((one) => one.pointer === pointer && one.document === problem.document)) return;
    this.#problems.push(problem);
  }

  #keyword(place: Place, name: string, value: Json, { value: allowed, holds }: Keyword): void {
    const step = pointerStep(name);
    for (const { instancePath, message } of valueErrors(allowed, holds, value))
      this.#problem(place, step + instancePath, message);
    if (name === "pattern" && typeof value === "string") this.#pattern(place, step, value);
    else if (name === "patternProperties" && isObject(value)) {
      for (const source of Object.keys(value)) this.#pattern(place, step + pointerStep(source), source);
    } else if ((name === "$ref" || name === "$dynamicRef") && typeof value === "string") {
      const target = this.#resources.resolve(value, place.resource);
      if (target === undefined) this.#problem(place, step, `There is no schema at ${JSON.stringify(value)}.`);
      else this.#toVisit.push({ place: target, depth: 0 });
    } else if (name === "format" && typeof value === "string" && !FORMATS.has(value)) this.#unknownFormat(place, value);
  }

  #unknownFormat(place: Place, format: string): void {
    const meta = this.#resources.metaSchemaOf(place.resource);
    const message = `The format ${JSON.stringify(format)} is not known`;
    // Where formats are said to assert, that is an error (Validation §7.2.2).
    if (typeof meta !== "string" && meta.vocabularies?.has(FORMAT_ASSERTION) === true)
      this.#problem(place, "/format", `${message}.`);
    else if (this.#options.assertFormat) this.#warning(place, "/format", `${message}, and not checked.`);
  }

  #pattern(place: Place, step: string, source: string): void {
    try {
      this.#options.pattern(source);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#problem(place, step, `The pattern ${JSON.stringify(source)} cannot be used: ${why}`);
    }
  }

  #problem(place: Place, step: string, message: string): void {
    this.#problems.push(problemAt(place, step, message));
  }

  #warning(place: Place, step: string, message: string): void {
    this.#warnings.push(problemAt(place, step, message));
  }
}

const problemAt = ({ pointer, document }: Place, step: string, message: string): SchemaProblem => ({
  pointer: pointer + step,
  document: shownAddress(document),
  message,
});

const HOLDERS = {
  schema: true,
  schemas: { type: "array" },
  map: { type: "object" },
  nothing: true,
} as const;

const validators = new Map<Json, Validator>();

/** What is wrong with a keyword's value, but for schemas in it: these are visited. */
function valueErrors(allowed: Json, holds: Keyword["holds"], value: Json) {
  const holder = HOLDERS[holds];
  return [holder, allowed].flatMap((schema) => {
    if (schema === true) return [];
    let validator = validators.get(schema);
    if (validator === undefined) {
      validator = createValidator(schema);
      validators.set(schema, validator);
    }
    return validator.errors(value);
  });
}

function createValidator(schema: Json): Validator {
  const resources = new SchemaResources();
  const options = { assertFormat: true, direction: undefined, oneSided: "ignore", textMax: 100_000 } as const;
  return loadValidators(writeModules([resources.addNameless(schema)], resources, options))[0]!;
}
