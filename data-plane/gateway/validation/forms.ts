/** Bodies of forms (`application/x-www-form-urlencoded`, WHATWG URL §5) made into the value that a schema describes. Pure. */
import {
  parseQuery,
  type RawQuery,
  readParameter,
  type SentParameters,
  type ValueShape,
} from "#foundation/api-parameters";
import type { PlannedMediaType } from "#foundation/gateway-artifact";

export type FormValue = { readonly value: unknown } | { readonly problem: string };

const TEXT: ValueShape = { kind: "scalar", types: [] };

/** Members as their encoding says: by default each is written as a query parameter of style `form` (OpenAPI 3.1 §4.8.15.1.2). */
export function formValue(text: string, { encoding = {}, shape = TEXT }: PlannedMediaType): FormValue {
  const query = parseQuery(text);
  if (query === undefined) return { problem: "has too many pairs" };
  if (query.isBroken) return { problem: "is not percent-encoded correctly, or is not UTF-8" };
  const known = shape.kind === "object" ? shape.properties : {};
  const value: Record<string, unknown> = Object.create(null);
  const taken = new Set<string>();
  for (const [name, memberShape] of Object.entries(known)) {
    const read = memberOf(name, memberShape, encoding[name], query);
    if ("problem" in read) return { problem: `has a member ${JSON.stringify(name)} that ${read.problem}` };
    if (read.value === undefined) continue;
    value[name] = read.value;
    taken.add(name);
  }
  for (const [name, values] of query.byName) {
    if (taken.has(name) || isPartOfKnown(name, known)) continue;
    const texts = values.map((one) => plainText(one ?? ""));
    if (texts.includes(undefined))
      return { problem: `has a member ${JSON.stringify(name)} that is not percent-encoded correctly` };
    value[name] = texts.length === 1 ? texts[0] : texts;
  }
  return { value };
}

function memberOf(
  name: string,
  shape: ValueShape,
  encoding: NonNullable<PlannedMediaType["encoding"]>[string] | undefined,
  query: RawQuery,
): { readonly value: unknown } | { readonly problem: string } {
  const isJson = encoding?.style === undefined && isJsonType(encoding?.contentType);
  const sent: SentParameters = { path: () => undefined, query, header: () => [], cookies: new Map() };
  const read = readParameter(
    {
      name,
      in: "query",
      required: false,
      style: encoding?.style ?? "form",
      explode: encoding?.explode ?? true,
      allowEmptyValue: false,
      shape,
      isJson,
    },
    sent,
  );
  if (read.kind === "broken") return { problem: read.problem };
  return { value: read.kind === "value" ? read.value : undefined };
}

/** `filter[name]` belongs to the member `filter` that is written as `deepObject`. */
function isPartOfKnown(name: string, known: Readonly<Record<string, ValueShape>>): boolean {
  const bracket = name.indexOf("[");
  const base = bracket > 0 ? name.slice(0, bracket) : name;
  return bracket > 0 && Object.hasOwn(known, base);
}

function plainText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return undefined;
  }
}

export function isJsonType(type: string | undefined): boolean {
  return type !== undefined && /^(application|text)\/json$|\+json$/.test(type);
}
