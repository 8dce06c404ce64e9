/** Schemas that nobody wrote: several messages in one body, the values of a parameter. */
import type { Place } from "../diagnostics/diagnostic.ts";
import type { SchemaDialect, SchemaDocument, SchemaPart } from "../model.ts";
import { type Json, pointerStep, pointerSteps } from "../source/json-value.ts";

export class MadeSchemas {
  readonly #schemas = new Map<string, Json>();

  /** @param uri an address that nothing else has */
  constructor(
    private readonly uri: string,
    private readonly dialect: SchemaDialect,
  ) {}

  /** @param name the same schema has the same name @param at what it was made of */
  add(name: string, value: Json, at: Place): SchemaPart {
    this.#schemas.set(name, value);
    return { uri: this.uri, pointer: pointerStep(name), dialect: this.dialect, value, at };
  }

  /** At least one of them fits. */
  anyOf(name: string, schemas: readonly SchemaPart[], at: Place): SchemaPart {
    return this.add(name, { anyOf: schemas.map((schema) => ({ $ref: referenceTo(schema) })) }, at);
  }

  document(): readonly SchemaDocument[] {
    if (this.#schemas.size === 0) return [];
    const names = [...this.#schemas.keys()].sort();
    const root = Object.fromEntries(names.map((name) => [name, this.#schemas.get(name)!]));
    return [{ uri: this.uri, dialect: this.dialect, root, schemasAt: names.map(pointerStep) }];
  }
}

function referenceTo({ uri, pointer }: SchemaPart): string {
  const steps = pointerSteps(pointer) ?? [];
  return `${uri}#${steps.map((step) => `/${encodeURIComponent(pointerStep(step).slice(1))}`).join("")}`;
}
