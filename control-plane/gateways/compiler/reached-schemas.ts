/** Schemas of one plan, each with everything that it refers to. */
import { canonicalJson } from "#foundation/canonical-json";
import type { GatewayPlan, SchemaRef } from "#foundation/gateway-artifact";
import type { SchemaIn } from "./schema-changes.ts";
import { atPointer, placeOf, type SchemaPlace } from "./schema-places.ts";

interface Reached {
  readonly text: string;
  readonly references: readonly SchemaPlace[];
}

export class ReachedSchemas {
  readonly #roots: ReadonlyMap<string, unknown>;
  /** What many refer to is written down once. */
  readonly #known = new Map<string, Reached>();

  constructor(private readonly plan: GatewayPlan) {
    this.#roots = new Map(plan.schemas.map(({ uri, root }) => [uri, root]));
  }

  placeOf(ref: SchemaRef | undefined): SchemaIn {
    const uri = ref === undefined ? "" : (this.plan.schemas[ref.document]?.uri ?? "");
    return { roots: this.#roots, uri, pointer: ref?.pointer ?? "" };
  }

  /** Equal for two schemas that are written in the same way, as is what they refer to. Empty for none. */
  textOf(ref: SchemaRef | undefined): string {
    if (ref === undefined) return "";
    const seen = new Set<string>();
    const parts: string[] = [];
    const queue: SchemaPlace[] = [this.placeOf(ref)];
    for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
      const address = `${place.uri}#${place.pointer}`;
      if (seen.has(address)) continue;
      seen.add(address);
      const { text, references } = this.#reached(place, address);
      parts.push(text);
      queue.push(...references);
    }
    return parts.join("\n");
  }

  #reached({ uri, pointer }: SchemaPlace, address: string): Reached {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const found = atPointer(this.#roots.get(uri), pointer);
    const references = referencesIn(found).map((one) => placeOf(one, uri));
    const reached = { text: found === undefined ? "" : canonicalJson(found), references };
    this.#known.set(address, reached);
    return reached;
  }
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    name === "$ref" && typeof one === "string" ? [one] : referencesIn(one),
  );
}
