/** Schemas that have a name, and how they become components of the OpenAPI document. Pure. */
import type { Schema } from "./route.ts";

/** Gives a schema the name that it has in the document, as its `title`. It may stand in as many routes as it likes. */
export const named = <Given extends Schema>(title: string, schema: Given): Given => ({ ...schema, title });

/** Collects what is named. */
export class NamedSchemas {
  readonly #components = new Map<string, { readonly text: string; readonly schema: Schema }>();

  /** @param schemas those that have a name already */
  constructor(schemas: Readonly<Record<string, Schema>>) {
    for (const [name, schema] of Object.entries(schemas)) this.#keep(name, this.referring(schema));
  }

  /**
   * The schema with references in the place of what has a name.
   *
   * @throws Error when two schemas that differ have the same name
   */
  referring(schema: Schema): Schema {
    const { title, ...rest } = schema;
    const members = Object.entries(typeof title === "string" ? rest : schema).map(([name, value]) => [
      name,
      this.#within(value),
    ]);
    const whole: Schema = Object.fromEntries(members);
    if (typeof title !== "string") return whole;
    this.#keep(title, whole);
    return { $ref: `#/components/schemas/${title}` };
  }

  /** All components, in the order in which they were met. */
  components(): Readonly<Record<string, Schema>> {
    return Object.fromEntries([...this.#components].map(([name, { schema }]) => [name, schema]));
  }

  #within(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#within(one));
    return typeof value === "object" && value !== null ? this.referring(value as Schema) : value;
  }

  #keep(name: string, schema: Schema): void {
    const text = JSON.stringify(schema);
    const known = this.#components.get(name);
    if (known !== undefined && known.text !== text) throw new Error(`Two schemas are named ${name}.`);
    if (known === undefined) this.#components.set(name, { text, schema });
  }
}
