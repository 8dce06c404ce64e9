/** Schema documents, the resources in them, and what their references lead to (JSON Schema Core §8.2, §9). */
import { isObject, type Json, type JsonObject, pointerStep, pointerSteps, stepInto } from "./json.ts";
import { KEYWORDS } from "./keywords.ts";
import { META_SCHEMAS } from "./meta-schemas.ts";

/** What a schema's keywords mean. */
export type Dialect = "2020-12" | "openapi-3.0";

/** A schema with an address of its own. */
export interface Resource {
  readonly uri: string;
  readonly root: Json;
  readonly dialect: Dialect;
  /** Addresses of the vocabularies that its `$schema` names; undefined: all. */
  readonly vocabularies: ReadonlySet<string> | undefined;
  readonly anchors: Map<string, Json>;
  readonly dynamicAnchors: Map<string, Json>;
  /** Where it begins: the document's address, `#`, the pointer. */
  readonly location: string;
}

/** A schema in its place. */
export interface Place {
  readonly schema: Json;
  readonly resource: Resource;
  /** The pointer from the document's root, for messages. */
  readonly pointer: string;
  /** The document's address. */
  readonly document: string;
}

/** Where documents without an address are. */
const NAMELESS = "schema://document/";

export interface DocumentOptions {
  readonly dialect?: Dialect;
  /**
   * Where its schemas are, as pointers; default: the whole document is a schema. An API description has hundreds of them, none of which is its root.
   */
  readonly schemasAt?: readonly string[];
}

export class SchemaResources {
  readonly #documents = new Map<string, { readonly root: Json; readonly resource: Resource }>();
  readonly #resources = new Map<string, Resource>();
  /** The resource and place of each schema object that was walked over. */
  #nameless = 0;
  readonly #places = new WeakMap<object, Place>();

  constructor() {
    for (const [uri, root] of META_SCHEMAS) this.add(uri, root);
  }

  /** Takes in a copy of a document: each of its schemas is in one place, also where the caller's values share parts. One that is there under the address stays. */
  add(uri: string, document: Json, { dialect = "2020-12", schemasAt = [""] }: DocumentOptions = {}): void {
    const address = withoutFragment(uri);
    if (this.#documents.has(address)) return;
    const root: Json = JSON.parse(JSON.stringify(document));
    const resource = newResource(address, root, dialect, this.#vocabulariesOf(root), `${address}#`);
    this.#documents.set(address, { root, resource });
    this.#resources.set(address, resource);
    for (const pointer of schemasAt) {
      const schema = atPointer(root, pointer);
      if (schema !== undefined) this.#walk({ schema, resource, pointer, document: address });
    }
  }

  /** Takes in a schema that has no address. */
  addNameless(schema: Json, options: DocumentOptions = {}): Place {
    const address = `${NAMELESS}${this.#nameless++}`;
    this.add(address, schema, options);
    return this.at(address) ?? { schema, resource: this.#resources.get(address)!, pointer: "", document: address };
  }

  /** The schema at `pointer` of a document. */
  at(document: string, pointer = ""): Place | undefined {
    const address = withoutFragment(document);
    const known = this.#documents.get(address);
    return known === undefined ? undefined : this.#follow(known.root, known.resource, pointer, "", address);
  }

  /** What a reference in a resource leads to; undefined when that is not there. */
  resolve(reference: string, from: Resource): Place | undefined {
    const target = absolute(reference, from.uri);
    if (target === undefined) return undefined;
    const hash = target.indexOf("#");
    const uri = hash === -1 ? target : target.slice(0, hash);
    const fragment = hash === -1 ? "" : decoded(target.slice(hash + 1));
    const resource = this.#resources.get(uri);
    if (resource === undefined || fragment === undefined) return undefined;
    const [document = "", start = ""] = resource.location.split("#", 2);
    if (fragment === "" || fragment.startsWith("/")) {
      return this.#follow(resource.root, resource, fragment, start, document);
    }
    const anchored = resource.anchors.get(fragment) ?? resource.dynamicAnchors.get(fragment);
    return anchored === undefined ? undefined : this.placeOf(anchored);
  }

  /** Where a schema that was walked over is. */
  placeOf(schema: Json): Place | undefined {
    return typeof schema === "object" && schema !== null ? this.#places.get(schema) : undefined;
  }

  get resources(): Iterable<Resource> {
    return this.#resources.values();
  }

  #follow(root: Json, from: Resource, pointer: string, start: string, document: string): Place | undefined {
    const steps = pointerSteps(pointer);
    if (steps === undefined) return undefined;
    let value = root;
    let resource = from;
    for (const step of steps) {
      value = stepInto(value, step);
      // A pointer may lead through a schema with an address of its own.
      resource = this.placeOf(value)?.resource ?? resource;
    }
    if (!isSchema(value)) return undefined;
    const known = this.placeOf(value);
    if (known !== undefined) return known;
    const place = { schema: value, resource, pointer: start + pointer, document };
    // Referred to, though no keyword says that a schema is there.
    if (isObject(value)) this.#walk(place);
    return this.placeOf(value) ?? place;
  }

  #walk(place: Place): void {
    const { schema, document, pointer } = place;
    if (!isObject(schema) || this.#places.has(schema)) return;
    const resource = this.#ownResource(place, schema);
    this.#places.set(schema, { ...place, resource });
    if (resource.dialect === "2020-12") {
      const { $anchor: anchor, $dynamicAnchor: dynamicAnchor } = schema;
      if (typeof anchor === "string") resource.anchors.set(anchor, schema);
      if (typeof dynamicAnchor === "string") resource.dynamicAnchors.set(dynamicAnchor, schema);
    }
    for (const child of subschemas(schema)) {
      this.#walk({ schema: child.schema, resource, pointer: pointer + child.step, document });
    }
  }

  #ownResource({ resource, pointer, document }: Place, schema: JsonObject): Resource {
    const { $id: id } = schema;
    if (typeof id !== "string" || resource.dialect !== "2020-12") return resource;
    const uri = absolute(id, resource.uri);
    if (uri === undefined) return resource;
    const address = withoutFragment(uri);
    if (address === resource.uri && schema === resource.root) return resource;
    const vocabularies = this.#vocabulariesOf(schema) ?? resource.vocabularies;
    const own = newResource(address, schema, resource.dialect, vocabularies, `${document}#${pointer}`);
    if (!this.#resources.has(address)) this.#resources.set(address, own);
    return own;
  }

  #vocabulariesOf(schema: Json): ReadonlySet<string> | undefined {
    const meta = isObject(schema) ? schema.$schema : undefined;
    if (typeof meta !== "string") return undefined;
    const known = this.#documents.get(withoutFragment(meta))?.root;
    const named = isObject(known) ? known.$vocabulary : undefined;
    return isObject(named) ? new Set(Object.keys(named)) : undefined;
  }
}

/** A schema is an object or a boolean. */
export const isSchema = (value: Json): value is JsonObject | boolean => isObject(value) || typeof value === "boolean";

/** The schemas that a schema's keywords hold, each with its step of the pointer. */
export function* subschemas(schema: JsonObject): Generator<{ readonly schema: Json; readonly step: string }> {
  for (const [name, value] of Object.entries(schema)) {
    const step = pointerStep(name);
    switch (KEYWORDS[name]?.holds) {
      case "schema":
        yield { schema: value, step };
        break;
      case "schemas":
        if (!Array.isArray(value)) break;
        for (const [index, one] of value.entries()) yield { schema: one, step: step + pointerStep(index) };
        break;
      case "map":
        if (!isObject(value)) break;
        for (const [key, one] of Object.entries(value)) yield { schema: one, step: step + pointerStep(key) };
        break;
    }
  }
}

function newResource(
  uri: string,
  root: Json,
  dialect: Dialect,
  vocabularies: ReadonlySet<string> | undefined,
  location: string,
): Resource {
  return { uri, root, dialect, vocabularies, anchors: new Map(), dynamicAnchors: new Map(), location };
}

const withoutFragment = (uri: string): string => (uri.includes("#") ? uri.slice(0, uri.indexOf("#")) : uri);

/** RFC 3986 §5. */
function absolute(reference: string, base: string): string | undefined {
  // The same document: true of addresses that nothing can be relative to, too.
  if (reference.startsWith("#")) return withoutFragment(base) + reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return undefined;
  }
}

function decoded(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}

function atPointer(root: Json, pointer: string): Json {
  let value = root;
  for (const step of pointerSteps(pointer) ?? []) value = stepInto(value, step);
  return value;
}
