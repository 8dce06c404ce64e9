/** Schema documents, the resources in them, and what their references lead to (JSON Schema Core §8.2, §9). */
import { type Dialect, keywordIn, type MetaSchema, metaSchemaOf } from "./dialects.ts";
import { isLargerThan, isObject, type Json, type JsonObject, pointerStep, pointerSteps, stepInto } from "./json.ts";
import { DRAFT } from "./keywords.ts";
import { DOCUMENT_MAX } from "./limits.ts";
import { META_SCHEMAS } from "./meta-schemas.ts";
import { InvalidSchema } from "./problem.ts";
import { equal } from "./run-time.ts";

/** A schema with an address of its own. */
export interface Resource {
  readonly uri: string;
  readonly root: Json;
  readonly dialect: Dialect;
  /** Its `$schema`, or that of the resource it is in; undefined when nobody says anything. */
  readonly metaSchema: { readonly uri: string; readonly place: Pick<Place, "document" | "pointer"> } | undefined;
  readonly anchors: Map<string, Json>;
  readonly dynamicAnchors: Map<string, Json>;
  /** Where it begins: the document's address, `#`, the pointer. */
  readonly location: string;
}

/** Marks places, so that no schema is taken for one. */
const PLACE = Symbol("place");

/** A schema in its place. */
export interface Place {
  readonly [PLACE]: true;
  readonly schema: Json;
  readonly resource: Resource;
  /** The pointer from the document's root, for messages. */
  readonly pointer: string;
  /** The document's address, see {@link shownAddress}. */
  readonly document: string;
}

/** Where a schema is, if it is one by itself: a value that {@link SchemaResources} has given out. */
export const isPlace = (value: Json | Place): value is Place => isObject(value) && PLACE in value;

/** The place of a part of a schema that no keyword says is a schema. */
export const partOf = (place: Place, schema: Json, step: string): Place => ({
  ...place,
  schema,
  pointer: place.pointer + step,
});

/** Where documents without an address are. */
const NAMELESS = "schema://document/";

/** A document's address as others see it: nothing where it has none of its own. */
export const shownAddress = (document: string): string => (document.startsWith(NAMELESS) ? "" : document);

export interface DocumentOptions {
  readonly dialect?: Dialect;
  /**
   * Where its schemas are, as pointers; default: the whole document is a schema. An API description has hundreds of them, none of which is its root.
   */
  readonly schemasAt?: readonly string[];
  /** The `$schema` of schemas that say none; OpenAPI's `jsonSchemaDialect`. */
  readonly metaSchema?: string;
}

/** All keywords of the draft, and no others. */
const PLAIN: MetaSchema = { isOpenApi: false, vocabularies: undefined };

export class SchemaResources {
  readonly #documents = new Map<string, { readonly root: Json; readonly resource: Resource }>();
  readonly #resources = new Map<string, Resource>();
  #nameless = 0;
  /** The resource and place of each schema object that was walked over. */
  readonly #places = new WeakMap<object, Place>();
  /** Schemas whose name is that of another, with what is wrong with that. */
  readonly #ambiguous = new WeakMap<object, string>();
  readonly #metaSchemas = new Map<string, MetaSchema | string>();

  constructor() {
    for (const [uri, root] of META_SCHEMAS) this.add(uri, root);
  }

  /**
   * Takes in a copy of a document: each of its schemas is in one place, also where the caller's values share parts. One that is there under the address stays.
   *
   * @throws InvalidSchema for what is no JSON, or too much of it
   */
  add(uri: string, document: Json, options: DocumentOptions = {}): void {
    const address = withoutFragment(uri);
    if (this.#documents.has(address)) return;
    const { dialect = "2020-12", schemasAt = [""], metaSchema } = options;
    const root = copied(document, shownAddress(address));
    const meta = metaSchema === undefined ? undefined : { uri: metaSchema, place: { document: address, pointer: "" } };
    const resource = newResource(address, root, dialect, meta, `${address}#`);
    this.#documents.set(address, { root, resource });
    this.#resources.set(address, resource);
    this.#metaSchemas.clear();
    for (const pointer of schemasAt) {
      const schema = atPointer(root, pointer);
      if (schema === undefined) continue;
      const place: Place = { [PLACE]: true, schema, resource, pointer, document: address };
      // It may say so in each of them (OpenAPI 3.1 §4.8.24.5), with or without an address of its own.
      const said = saidMetaSchema(place);
      this.#walk(said === undefined ? place : { ...place, resource: { ...resource, metaSchema: said } });
    }
  }

  /** Takes in a schema that has no address. @throws InvalidSchema */
  addNameless(schema: Json, options: DocumentOptions = {}): Place {
    const document = `${NAMELESS}${this.#nameless++}`;
    this.add(document, schema, options);
    const { root, resource } = this.#documents.get(document)!;
    return this.placeOf(root) ?? { [PLACE]: true, schema: root, resource, pointer: "", document };
  }

  /** What the `$schema` of a resource says; text when that is nothing that is known here. */
  metaSchemaOf({ metaSchema }: Resource): MetaSchema | string {
    if (metaSchema === undefined) return PLAIN;
    let meta = this.#metaSchemas.get(metaSchema.uri);
    if (meta === undefined) {
      meta = metaSchemaOf(metaSchema.uri, (uri) => this.#documents.get(uri)?.root);
      this.#metaSchemas.set(metaSchema.uri, meta);
    }
    return meta;
  }

  /** What is wrong with the name of a schema, if it is also that of another. */
  ambiguityOf(schema: JsonObject): string | undefined {
    return this.#ambiguous.get(schema);
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
    const resource = uri === from.uri ? from : this.#resources.get(uri);
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
    const place: Place = { [PLACE]: true, schema: value, resource, pointer: start + pointer, document };
    // Referred to, though no keyword says that a schema is there.
    if (isObject(value)) this.#walk(place);
    return this.placeOf(value) ?? place;
  }

  #walk(place: Place): void {
    const { schema, document, pointer } = place;
    if (!isObject(schema) || this.#places.has(schema)) return;
    const resource = this.#ownResource(place, schema);
    this.#places.set(schema, { ...place, resource });
    if (resource.dialect !== "openapi-3.0") {
      const { $anchor: anchor, $dynamicAnchor: dynamicAnchor } = schema;
      if (typeof anchor === "string") this.#anchor(anchor, schema, resource, resource.anchors);
      if (typeof dynamicAnchor === "string") this.#anchor(dynamicAnchor, schema, resource, resource.dynamicAnchors);
    }
    for (const child of subschemas(schema, resource.dialect)) {
      this.#walk({ [PLACE]: true, schema: child.schema, resource, pointer: pointer + child.step, document });
    }
  }

  #anchor(name: string, schema: JsonObject, { anchors, dynamicAnchors }: Resource, own: Map<string, Json>): void {
    const others = [anchors.get(name), dynamicAnchors.get(name)];
    if (others.some((other) => other !== undefined && other !== schema))
      this.#ambiguous.set(schema, `Another schema has the anchor ${JSON.stringify(name)} too.`);
    else own.set(name, schema);
  }

  #ownResource(place: Place, schema: JsonObject): Resource {
    const { resource, pointer, document } = place;
    const { $id: id } = schema;
    if (typeof id !== "string" || resource.dialect === "openapi-3.0") return resource;
    const uri = absolute(id, resource.uri);
    if (uri === undefined) return resource;
    const address = withoutFragment(uri);
    if (address === resource.uri && schema === resource.root) return resource;
    const metaSchema = saidMetaSchema(place) ?? resource.metaSchema;
    const own = newResource(address, schema, resource.dialect, metaSchema, `${document}#${pointer}`);
    const other = this.#resources.get(address);
    if (other === undefined) this.#resources.set(address, own);
    // The draft's own schemas may be in anybody's document; the same schema twice is one.
    else if (!address.startsWith(DRAFT) && !equal(other.root, schema))
      this.#ambiguous.set(schema, `Another schema has the address ${JSON.stringify(address)} too.`);
    return own;
  }
}

/** A schema is an object or a boolean. */
export const isSchema = (value: Json): value is JsonObject | boolean => isObject(value) || typeof value === "boolean";

/** The schemas that a schema's keywords hold, each with its step of the pointer. */
export function* subschemas(
  schema: JsonObject,
  dialect: Dialect,
  meta: MetaSchema = PLAIN,
): Generator<{ readonly schema: Json; readonly step: string }> {
  for (const [name, value] of Object.entries(schema)) {
    const step = pointerStep(name);
    switch (keywordIn(name, dialect, meta)?.holds) {
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
  metaSchema: Resource["metaSchema"],
  location: string,
): Resource {
  return { uri, root, dialect, metaSchema, anchors: new Map(), dynamicAnchors: new Map(), location };
}

/** The `$schema` of a schema, if it has one. */
function saidMetaSchema({ schema, document, pointer }: Place): Resource["metaSchema"] {
  const uri = isObject(schema) ? schema.$schema : undefined;
  return typeof uri === "string" ? { uri, place: { document, pointer: `${pointer}/$schema` } } : undefined;
}

/** @throws InvalidSchema */
function copied(document: Json, address: string): Json {
  const refuse = (message: string): never => {
    throw new InvalidSchema([{ pointer: "", document: address, message }]);
  };
  if (isLargerThan(document, DOCUMENT_MAX))
    refuse(`A document has at most ${DOCUMENT_MAX.levels} levels and ${DOCUMENT_MAX.values} values.`);
  const text: string | undefined = JSON.stringify(document);
  return text === undefined ? refuse("It is no JSON.") : JSON.parse(text);
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
