/** Goes over all schemas of a description: which there are, where their references lead, and what no schema compiler can be asked to find. */
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import type { SchemaDialect, SchemaDocument, SchemaPart } from "../model.ts";
import { resolveAddress } from "../references/addresses.ts";
import {
  child,
  entriesOf,
  isObjectPart,
  itemsOf,
  type ObjectPart,
  type Part,
  placeKey,
  placeOf,
  textAt,
} from "../references/part.ts";
import { type Resolver, shown } from "../references/resolver.ts";
import { isList, isObject, kindOf } from "../source/json-value.ts";
import type { SourceDocument } from "../source/source-document.ts";
import { endlessSchemas } from "./endless-schemas.ts";
import { ASSERTIONS_30, schemaKeyword } from "./schema-keywords.ts";

export interface SchemaLimits {
  /** Levels of subschemas in one another. */
  readonly depthMax: number;
  /** Properties of one schema. */
  readonly propertiesMax: number;
}

export const SCHEMA_LIMITS: SchemaLimits = { depthMax: 64, propertiesMax: 2000 };

/** A reference that is still to be followed. */
interface Pending {
  readonly reference: Part;
  readonly base: string;
  readonly from: string;
}

/** `$schema` of 2020-12 and of OpenAPI 3.1 and 3.2. */
const KNOWN_DIALECT =
  /^https:\/\/(?:json-schema\.org\/draft\/2020-12\/schema|spec\.openapis\.org\/oas\/3\.[12]\/dialect\/[a-z0-9-]+)#?$/;

export class SchemaWalker {
  /** The address that references in a schema are relative to, by its place. */
  readonly #visited = new Map<string, string>();
  readonly #roots = new Map<SourceDocument, Set<string>>();
  #pending: Pending[] = [];
  /** From a schema to those that judge the same value. */
  readonly #inPlace = new Map<string, string[]>();
  readonly #parts = new Map<string, Part>();
  readonly #isDraft2020: boolean;
  /** Whether any schema has a base of its own. */
  #hasAddresses = false;

  constructor(
    readonly dialect: SchemaDialect,
    private readonly resolver: Resolver,
    private readonly diagnostics: Diagnostics,
    private readonly limits: SchemaLimits,
    /** Extensions may stand in schemas too. */
    private readonly extensions: (schema: ObjectPart) => void,
  ) {
    this.#isDraft2020 = dialect !== "openapi-3.0";
  }

  /** Takes in a schema that stands where something else than a schema holds it. */
  root(part: Part): void {
    if (!this.#visited.has(placeKey(part))) {
      const roots = this.#roots.get(part.document) ?? new Set();
      this.#roots.set(part.document, roots.add(part.pointer));
    }
    this.#visit(part, this.#baseAt(part), 0, false);
  }

  /** A schema as the model has it. */
  partOf(part: Part): SchemaPart {
    const uri = this.resolver.documents.baseOf(part.document);
    return { uri, pointer: part.pointer, dialect: this.dialect, value: part.value, at: placeOf(part) };
  }

  /** Follows all references, and those of the schemas that they lead to. */
  finish(): void {
    for (let pending = this.#pending.splice(0); pending.length > 0; pending = this.#pending.splice(0)) {
      for (const { reference, base, from } of pending) this.#follow(reference, base, from);
    }
    for (const key of endlessSchemas(this.#inPlace)) {
      const part = this.#parts.get(key)!;
      const message = "This schema is part of itself without going one level into the data.";
      this.diagnostics.report("E1007", child(part, "$ref") ?? part, message);
    }
  }

  /** All documents with schemas in them. */
  documents(): readonly SchemaDocument[] {
    return [...this.#roots].map(([document, pointers]) => ({
      uri: this.resolver.documents.baseOf(document),
      dialect: this.dialect,
      root: document.value ?? null,
      schemasAt: [...pointers].sort(),
      document,
    }));
  }

  #follow(reference: Part, base: string, from: string): void {
    const { value } = reference;
    // Anchors are known once the schema is visited that has them.
    if (typeof value === "string" && /#[^/]/.test(value)) this.#visitAnchored(value, base, reference);
    const target = this.resolver.resolve(reference, base);
    if (target === undefined) return;
    this.root(target);
    this.#edge(from, placeKey(target));
  }

  #visitAnchored(reference: string, base: string, from: Part): void {
    const address = resolveAddress(reference, base);
    if ("refused" in address) return;
    const document = this.resolver.documents.locate(address.uri, from);
    if (
      document !== undefined &&
      isObject(document.value) &&
      !("openapi" in document.value) &&
      !("asyncapi" in document.value)
    ) {
      this.root(document);
    }
  }

  /** Of the nearest schema around it that was visited. */
  #baseAt({ document, pointer }: Part): string {
    if (!this.#hasAddresses) return this.resolver.documents.baseOf(document);
    for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      const base = this.#visited.get(placeKey({ document, pointer: at }));
      if (base !== undefined) return base;
    }
    return this.resolver.documents.baseOf(document);
  }

  #visit(part: Part, outerBase: string, depth: number, booleans: boolean): void {
    const key = placeKey(part);
    if (this.#visited.has(key)) return;
    this.#visited.set(key, outerBase);
    this.#parts.set(key, part);
    if (!isObjectPart(part)) {
      this.#judgeNoObject(part, booleans);
      return;
    }
    if (depth > this.limits.depthMax) {
      this.diagnostics.report("E1051", part, `Schemas nest more than ${this.limits.depthMax} levels deep here.`);
      return;
    }
    this.extensions(part);
    if (!this.#isDraft2020 && part.value.$ref !== undefined) {
      this.#reference30(part, outerBase, key);
      return;
    }
    const base = this.#isDraft2020 ? this.#identity(part, outerBase) : outerBase;
    this.#visited.set(key, base);
    for (const [name, value] of entriesOf(part)) this.#keyword(part, name, value, base, depth);
  }

  #judgeNoObject(part: Part, booleans: boolean): void {
    if (typeof part.value === "boolean" && (booleans || this.#isDraft2020)) return;
    const allowed = this.#isDraft2020 ? "an object, true or false" : "an object";
    const hint =
      this.#isDraft2020 || typeof part.value !== "boolean"
        ? undefined
        : "In OpenAPI 3.0 only additionalProperties may be true or false.";
    this.diagnostics.report("E1004", part, `A schema is ${allowed}, not ${kindOf(part.value)}.`, { at: "value", hint });
  }

  #reference30(part: ObjectPart, base: string, key: string): void {
    this.#pending.push({ reference: child(part, "$ref")!, base, from: key });
    const lost = Object.keys(part.value).filter((name) => ASSERTIONS_30.has(name));
    if (lost.length > 0) {
      this.diagnostics.report(
        "W1013",
        part,
        `Beside $ref, ${lost.join(", ")} ${lost.length === 1 ? "is" : "are"} ignored in OpenAPI 3.0.`,
      );
    }
  }

  /** Its own address and names. */
  #identity(part: ObjectPart, outerBase: string): string {
    const dialect = child(part, "$schema");
    if (dialect !== undefined && !(typeof dialect.value === "string" && KNOWN_DIALECT.test(dialect.value))) {
      const message = `Schemas are read as JSON Schema 2020-12, not as ${shown(String(dialect.value))}.`;
      this.diagnostics.report("E1004", dialect, message);
    }
    let base = outerBase;
    const id = child(part, "$id");
    if (id !== undefined) {
      const address = typeof id.value === "string" ? resolveAddress(id.value, outerBase) : undefined;
      if (address === undefined || "refused" in address || address.fragment !== "") {
        this.diagnostics.report("E1004", id, "$id is the address of a schema, without a fragment.");
      } else {
        base = address.uri;
        this.#hasAddresses = true;
        this.resolver.documents.register(base, part);
      }
    }
    for (const name of ["$anchor", "$dynamicAnchor"]) {
      const anchor = textAt(part, name);
      if (anchor !== undefined) this.resolver.registerAnchor(base, anchor, part);
    }
    return base;
  }

  #keyword(schema: ObjectPart, name: string, value: Part, base: string, depth: number): void {
    const key = placeKey(schema);
    if (this.#isDraft2020 && (name === "$ref" || name === "$dynamicRef")) {
      this.#pending.push({ reference: value, base, from: key });
      return;
    }
    if (name === "discriminator") this.#discriminator(value, base, key);
    const keyword = schemaKeyword(this.dialect, name);
    if (keyword === undefined) return;
    const booleans = name === "additionalProperties";
    const visit = (one: Part): void => {
      this.#visit(one, base, depth + 1, booleans);
      if (keyword.inPlace === true) this.#edge(key, placeKey(one));
    };
    switch (keyword.holds) {
      case "schema":
        if (isList(value.value)) {
          const hint = name === "items" ? "A list of schemas is prefixItems since JSON Schema 2020-12." : undefined;
          this.diagnostics.report("E1004", value, `${name} holds one schema, not a list.`, { hint });
        } else visit(value);
        return;
      case "list":
        if (!isList(value.value))
          this.diagnostics.report("E1004", value, `${name} is a list of schemas.`, { at: "value" });
        itemsOf(value).forEach(visit);
        return;
      case "map": {
        if (!isObject(value.value)) {
          this.diagnostics.report("E1004", value, `${name} is an object with schemas in it.`, { at: "value" });
          return;
        }
        const entries = entriesOf(value);
        if (name === "properties" && entries.length > this.limits.propertiesMax) {
          const message = `${entries.length} properties are more than ${this.limits.propertiesMax}.`;
          this.diagnostics.report("E1052", value, message);
        }
        for (const [, one] of entries) visit(one);
      }
    }
  }

  /** Values of a mapping are names of components, or references. */
  #discriminator(discriminator: Part, base: string, key: string): void {
    for (const [, target] of entriesOf(child(discriminator, "mapping"))) {
      const { value } = target;
      const isName = typeof value === "string" && /^[A-Za-z0-9._-]+$/.test(value);
      if (isName && this.#hasComponent(target.document, value)) continue;
      this.#pending.push({ reference: target, base, from: `${key} (mapping)` });
    }
  }

  #hasComponent({ value }: SourceDocument, name: string): boolean {
    const components = isObject(value) ? value.components : undefined;
    const schemas = isObject(components) ? components.schemas : undefined;
    return isObject(schemas) && name in schemas;
  }

  #edge(from: string, to: string): void {
    const edges = this.#inPlace.get(from);
    if (edges === undefined) this.#inPlace.set(from, [to]);
    else edges.push(to);
  }
}
