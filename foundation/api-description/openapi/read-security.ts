/** Security schemes, and what operations require. */

import { nearestName } from "../diagnostics/did-you-mean.ts";
import type { SecurityAlternative, SecurityRequirement, SecurityScheme } from "../model.ts";
import type { Reading } from "../reading.ts";
import { child, entriesOf, itemsOf, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { isObject } from "../source/json-value.ts";

export type Schemes = ReadonlyMap<string, SecurityScheme>;

/** `components/securitySchemes`. */
export function readSecuritySchemes(reading: Reading, needed: NeededFields = NEEDED): Schemes {
  const schemes = new Map<string, SecurityScheme>();
  for (const [name, entry] of entriesOf(child(child(reading.root, "components"), "securitySchemes"))) {
    const scheme = readSecurityScheme(name, entry, reading, needed);
    if (scheme !== undefined) schemes.set(name, scheme);
  }
  return schemes;
}

/** Fields that schemes need, by their type. */
export type NeededFields = Readonly<Record<string, readonly string[]>>;

/** OpenAPI §4.8.27. */
const NEEDED: NeededFields = {
  apiKey: ["name", "in"],
  http: ["scheme"],
  oauth2: ["flows"],
  openIdConnect: ["openIdConnectUrl"],
};

export function readSecurityScheme(
  name: string,
  entry: Part,
  reading: Reading,
  needed: NeededFields = NEEDED,
): SecurityScheme | undefined {
  const part = reading.resolver.follow(entry);
  const type = textAt(part, "type");
  if (part === undefined || type === undefined) return undefined;
  for (const field of Object.hasOwn(needed, type) ? needed[type]! : []) {
    if (child(part, field) === undefined)
      reading.diagnostics.report("E1004", part, `A scheme of type ${type} needs ${shown(field)}.`);
  }
  if (type === "mutualTLS" && reading.version === "3.0") {
    reading.diagnostics.report("E1004", child(part, "type")!, "mutualTLS came with OpenAPI 3.1.");
  }
  const parameterName = textAt(part, "name");
  const location = textAt(part, "in");
  const flows = child(part, "flows")?.value;
  return {
    name,
    type,
    parameter:
      parameterName === undefined || location === undefined ? undefined : { name: parameterName, in: location },
    scheme: textAt(part, "scheme")?.toLowerCase(),
    bearerFormat: textAt(part, "bearerFormat"),
    openIdConnectUrl: textAt(part, "openIdConnectUrl"),
    flows: isObject(flows) ? flows : undefined,
    at: placeOf(part),
  };
}

/** A list of alternatives; undefined when nothing is said. */
export function readSecurity(
  list: Part | undefined,
  schemes: Schemes,
  reading: Reading,
): readonly SecurityAlternative[] | undefined {
  if (list === undefined) return undefined;
  return itemsOf(list).map((item) => ({
    requirements: entriesOf(item).flatMap(([name, scopes]) => readRequirement(name, scopes, schemes, reading) ?? []),
    at: placeOf(item),
  }));
}

function readRequirement(
  name: string,
  scopes: Part,
  schemes: Schemes,
  reading: Reading,
): SecurityRequirement | undefined {
  const scheme = schemes.get(name);
  if (scheme !== undefined) {
    return { scheme, scopes: itemsOf(scopes).flatMap(({ value }) => (typeof value === "string" ? [value] : [])) };
  }
  const near = nearestName(name, [...schemes.keys()].slice(0, 100));
  const hint = near === undefined ? "Declare it in components/securitySchemes." : `Did you mean ${shown(near)}?`;
  reading.diagnostics.report("E1033", scopes, `There is no security scheme ${shown(name)}.`, { at: "key", hint });
  return undefined;
}

/** @param used names of schemes that operations ask for */
export function reportUnusedSchemes(schemes: Schemes, used: ReadonlySet<string>, reading: Reading): void {
  for (const { name, at } of schemes.values()) {
    if (used.has(name)) continue;
    reading.diagnostics.report("W1017", at, `No operation asks for the security scheme ${shown(name)}.`);
  }
}
