/** Validators of an artifact's schemas, made when they are first needed. */
import type { PlannedSchemaDocument, SchemaRef } from "#foundation/gateway-artifact";
import { createValidator, SchemaResources, type Validator } from "#foundation/json-schema";

export type Direction = "request" | "response";

/**
 * Making one takes about as long as ten requests, and a gateway with a thousand operations is ready before all of them are made.
 */
export class ValidatorSet {
  readonly #documents: readonly PlannedSchemaDocument[];
  readonly #validators = new Map<string, Validator>();
  #resources: SchemaResources | undefined;

  constructor(documents: readonly PlannedSchemaDocument[]) {
    this.#documents = documents;
  }

  /** @returns makes the validator at the first call. It throws InvalidSchema for an artifact that no compiler of ours has made. */
  lazily(ref: SchemaRef, direction: Direction): () => Validator {
    let validator: Validator | undefined;
    return () => {
      validator ??= this.#validator(ref, direction);
      return validator;
    };
  }

  #validator({ document, pointer }: SchemaRef, direction: Direction): Validator {
    const key = `${direction} ${document} ${pointer}`;
    let validator = this.#validators.get(key);
    if (validator === undefined) {
      const { uri } = this.#documents[document] ?? { uri: "" };
      this.#resources ??= resourcesOf(this.#documents);
      const place = this.#resources.at(uri, pointer);
      if (place === undefined) throw new Error(`the artifact has no schema at ${uri}#${pointer}`);
      validator = createValidator(place, { resources: this.#resources, assertFormat: true, direction });
      this.#validators.set(key, validator);
    }
    return validator;
  }
}

function resourcesOf(documents: readonly PlannedSchemaDocument[]): SchemaResources {
  const resources = new SchemaResources();
  for (const { uri, root, dialect, schemasAt } of documents) {
    resources.add(uri, root as never, { dialect, schemasAt });
  }
  return resources;
}
