/** Schemas of all descriptions: checked once, and found by their places. */
import type { ApiDescription, Diagnostics, SchemaDocument, SchemaPart } from "#foundation/api-description";
import { shapeOf, type ValueShape } from "#foundation/api-parameters";
import type { JsonValue, PlannedSchemaDocument, SchemaRef } from "#foundation/gateway-artifact";
import { InvalidSchema, inspectSchemas, type Place, SchemaResources } from "#foundation/json-schema";

export class SchemaTable {
  readonly documents: readonly PlannedSchemaDocument[];
  readonly #places = new Map<string, number>();
  readonly #resources = new SchemaResources();

  get resources(): SchemaResources {
    return this.#resources;
  }

  constructor(descriptions: readonly ApiDescription[], diagnostics: Diagnostics) {
    // Files that several descriptions refer to are there once; what each found in them is taken together.
    const byUri = new Map<string, SchemaDocument>();
    for (const document of descriptions.flatMap(({ schemaDocuments }) => schemaDocuments)) {
      const known = byUri.get(document.uri);
      // Later versions differ in what they say about schemas, not in what fits them.
      if (known !== undefined && (known.dialect === "openapi-3.0") !== (document.dialect === "openapi-3.0")) {
        const message = `Its schemas are read as ${known.dialect} by one description and as ${document.dialect} by another, and mean different things in them.`;
        const hint = "Give each version a file of its own, or write the descriptions in one version.";
        const at = document.document ?? descriptions[0]!.document;
        diagnostics.report("E1004", { document: at, pointer: "" }, message, { hint });
      }
      const schemasAt = [...new Set([...(known?.schemasAt ?? []), ...document.schemasAt])].sort();
      byUri.set(document.uri, { ...document, schemasAt });
    }
    const sorted = [...byUri.values()].toSorted((left, right) => (left.uri < right.uri ? -1 : 1));
    this.documents = sorted.map(({ uri, dialect, root, schemasAt }) => ({
      uri,
      dialect,
      root: root as JsonValue,
      schemasAt,
    }));
    for (const [index, document] of sorted.entries()) {
      this.#places.set(document.uri, index);
      this.#add(document, diagnostics, descriptions);
    }
    this.#check(sorted, diagnostics, descriptions);
  }

  refOf({ uri, pointer }: SchemaPart): SchemaRef {
    return { document: this.#places.get(uri)!, pointer };
  }

  placeOf({ uri, pointer }: SchemaPart): Place | undefined {
    return this.#resources.at(uri, pointer);
  }

  shapeOf({ uri, pointer, value }: SchemaPart): ValueShape {
    const place = this.#resources.at(uri, pointer);
    return place === undefined
      ? shapeOf(value, () => undefined)
      : shapeOf(this.#withAddresses(place), (reference) => {
          // Names behind the first one may have more of them.
          const hash = reference.indexOf("#");
          if (hash === -1) return undefined;
          const target = this.#resources.at(reference.slice(0, hash), reference.slice(hash + 1));
          return target && this.#withAddresses(target);
        });
  }

  /** The schema with references that mean the same wherever they stand. */
  #withAddresses({ schema, resource }: Place): unknown {
    const resources = this.#resources;
    const copy = (value: unknown, depth: number): unknown => {
      if (typeof value !== "object" || value === null || depth > 12) return value;
      if (Array.isArray(value)) return value.map((one) => copy(one, depth + 1));
      return Object.fromEntries(
        Object.entries(value).map(([name, one]) => {
          if (name !== "$ref" || typeof one !== "string") return [name, copy(one, depth + 1)];
          const target = resources.resolve(one, resource);
          return [name, target === undefined ? one : `${target.document}#${target.pointer}`];
        }),
      );
    };
    return copy(schema, 0);
  }

  #add(
    { uri, root, dialect, schemasAt }: SchemaDocument,
    diagnostics: Diagnostics,
    all: readonly ApiDescription[],
  ): void {
    try {
      this.#resources.add(uri, root as never, { dialect, schemasAt });
    } catch (error) {
      if (!(error instanceof InvalidSchema)) throw error;
      for (const { pointer, message } of error.problems) report(diagnostics, all, uri, pointer, message);
    }
  }

  #check(documents: readonly SchemaDocument[], diagnostics: Diagnostics, all: readonly ApiDescription[]): void {
    const places = documents.flatMap(({ uri, schemasAt }) =>
      schemasAt.flatMap((pointer) => this.#resources.at(uri, pointer) ?? []),
    );
    for (const { document, pointer, message } of inspectSchemas(places, {
      resources: this.#resources,
      assertFormat: true,
    }).problems) {
      report(diagnostics, all, document, pointer, message);
    }
  }
}

/** At its line, when somebody wrote it. */
function report(
  diagnostics: Diagnostics,
  descriptions: readonly ApiDescription[],
  uri: string,
  pointer: string,
  message: string,
): void {
  const documents = descriptions.flatMap(({ schemaDocuments }) => schemaDocuments);
  const document = documents.find((one) => one.uri === uri)?.document ?? descriptions[0]?.document;
  if (document === undefined) return;
  diagnostics.report("E1004", { document, pointer }, `The schema cannot be used: ${message}`);
}
