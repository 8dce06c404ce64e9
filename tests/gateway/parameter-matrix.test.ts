/**
 * Every parameter that can be described: each place, style and `explode`, each type, needed or not, through the gateway's own way of requests. Whether a request passes, and what its value was taken
 * for, is what a reference that knows nothing of the gateway says of it.
 *
 * The value is seen by a schema that takes that one value alone.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { compiled, type RunningGateway, sendRaw, starting } from "./support/compiled-gateway.ts";
import {
  type Decoded,
  decodeReference,
  isOfType,
  type ReferenceParameter,
  type ReferenceType,
} from "./support/reference-decoder.ts";

const TYPES: Readonly<Record<string, ReferenceType>> = {
  string: "string",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  "list of texts": { items: "string" },
  "list of integers": { items: "integer" },
  object: { members: { n: "integer", s: "string", b: "boolean" } },
};

const STYLES = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
} as const;

interface Cell extends ReferenceParameter {
  readonly index: number;
  readonly title: string;
  readonly allowReserved: boolean;
}

const CELLS: readonly Cell[] = Object.entries(STYLES)
  .flatMap(([place, styles]) => styles.map((style) => [place as ReferenceParameter["in"], style] as const))
  .flatMap(([place, style]) => [true, false].map((explode) => [place, style, explode] as const))
  .flatMap(([place, style, explode]) =>
    Object.entries(TYPES).flatMap(([typeName, type]): Omit<Cell, "index">[] => {
      const isScalar = typeof type === "string";
      // The specification gives these no meaning.
      if ((style === "spaceDelimited" || style === "pipeDelimited") && (explode || isScalar)) return [];
      if (style === "deepObject" && (!explode || isScalar || "items" in type)) return [];
      const name = place === "header" ? "X-Color" : "color";
      const title = `${place} ${style} explode=${explode} ${typeName}`;
      const cell = {
        name,
        in: place,
        style,
        explode,
        type,
        required: true,
        allowEmptyValue: false,
        allowReserved: false,
      };
      if (place === "path") return [{ ...cell, title }];
      const optional = { ...cell, required: false, title: `${title}, optional` };
      if (place !== "query") return [{ ...cell, title }, optional];
      const reserved = { ...cell, name: "größe &c", allowReserved: true, title: `${title}, allowReserved` };
      const empty = { ...cell, allowEmptyValue: true, title: `${title}, allowEmptyValue` };
      return [{ ...cell, title }, optional, reserved, ...(style === "form" && (isScalar || !explode) ? [empty] : [])];
    }),
  )
  .map((cell, index) => ({ ...cell, index }));

const SCALARS = {
  string: fc
    .array(fc.constantFrom("a", "B", "1", "-", "_", "~", "é", "%", "/", " ", ",", ";", "="), { maxLength: 4 })
    .map((all) => all.join("")),
  integer: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  number: fc.oneof(fc.integer(), fc.constantFrom(0.5, -1.25, 1e21, 3e-7)),
  boolean: fc.boolean(),
} as const;

/** Values that can be written in this cell. */
function valuesOf({ type, in: place, style }: Cell): fc.Arbitrary<unknown> {
  const text =
    place === "header"
      ? fc.array(fc.constantFrom("a", "B", "1", "-", "_"), { minLength: 1, maxLength: 4 }).map((all) => all.join(""))
      : // An empty text in a list, and the delimiter of these styles in a text, cannot be told from what they are not.
        SCALARS.string.map((one) => (style === "spaceDelimited" ? one.replaceAll(" ", "") : one) || "x");
  const scalar = (name: keyof typeof SCALARS): fc.Arbitrary<unknown> => (name === "string" ? text : SCALARS[name]);
  if (typeof type === "string") return scalar(type);
  if ("items" in type) return fc.array(scalar(type.items), { minLength: 1, maxLength: 4 });
  return fc.record({ n: SCALARS.integer, s: text, b: fc.boolean() }, { requiredKeys: ["n"], noNullPrototype: true });
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*.~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** By the tables of the specification. @returns the path's segment, the query, the field's value, or the Cookie field */
function write(cell: Cell, value: unknown): string {
  const { in: place, style, explode, allowReserved } = cell;
  // Of the reserved ones, those that part nothing here may stand as they are.
  const encode = (item: unknown): string => {
    if (place === "header") return String(item);
    return allowReserved ? escaped(String(item)).replaceAll("%2F", "/").replaceAll("%3B", ";") : escaped(String(item));
  };
  const name = escaped(cell.name);
  const pairs = typeof value === "object" && !Array.isArray(value) ? Object.entries(value as object) : [];
  if (style === "deepObject") return pairs.map(([key, one]) => `${name}%5B${encode(key)}%5D=${encode(one)}`).join("&");
  const before = { label: ".", matrix: ";" }[style as string] ?? "";
  const between =
    { simple: ",", label: ".", matrix: ";", form: place === "cookie" ? "; " : "&" }[style as string] ?? "";
  const inside = { spaceDelimited: "%20", pipeDelimited: "|" }[style as string] ?? ",";
  const isNamed = style !== "simple" && style !== "label";
  const own = (text: string): string => (isNamed ? `${name}=${text}` : text);
  if (Array.isArray(value)) {
    return (
      before + (explode ? value.map((one) => own(encode(one))).join(between) : own(value.map(encode).join(inside)))
    );
  }
  if (pairs.length > 0) {
    return (
      before +
      (explode
        ? pairs.map(([key, one]) => `${encode(key)}=${encode(one)}`).join(between)
        : own(pairs.flatMap(([key, one]) => [encode(key), encode(one)]).join(inside)))
    );
  }
  return before + own(encode(value));
}

const NOISE =
  "a 1 -1 1.0 1e2 01 1e999 true false null n s b n=1 b=true , . ; = & + | %2C %20 %7C %7c %5B %C3%A9 %C3 % %zz color color= X-Color [n] [n [] %5Bn%5D=1".split(
    " ",
  );

/** Texts near to what can be written, and far from it. */
function textsOf(cell: Cell): fc.Arbitrary<string> {
  const noise = fc.array(fc.constantFrom(...NOISE), { maxLength: 5 }).map((all) => all.join(""));
  const written = valuesOf(cell).map((value) => write(cell, value));
  const changed = fc
    .tuple(written, fc.constantFrom("", ...NOISE), fc.nat(), fc.nat(3))
    .map(([text, more, at, without]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + more + text.slice(place + without);
    });
  // The same signs spelt otherwise, which may mean the same or not.
  const respelt = fc
    .tuple(
      written,
      fc.constantFrom("|", "%7C", "%7c"),
      fc.constantFrom("+", "%20"),
      fc.constantFrom("[", "%5b"),
      fc.boolean(),
    )
    .map(([text, pipe, blank, bracket, lower]) => {
      const other = text
        .replace(/\||%7C/g, pipe)
        .replaceAll("%20", blank)
        .replaceAll("%5B", bracket);
      return lower ? other.replace(/%[\dA-F]{2}/g, (sign) => sign.toLowerCase()) : other;
    });
  const twice = fc.tuple(written, written).map(([one, two]) => one + (cell.in === "cookie" ? "; " : "&") + two);
  return fc.oneof(
    { weight: 2, arbitrary: changed },
    noise,
    twice,
    written,
    respelt,
    fc.constantFrom("", `${escaped(cell.name)}=`, escaped(cell.name)),
  );
}

/** Values of each cell that one operation takes alone. */
const VALUES = CELLS.map((cell) => fc.sample(valuesOf(cell), { numRuns: 2, seed: 7 + cell.index }));

function schemaOf(type: ReferenceType): object {
  if (typeof type === "string") return { type };
  if ("items" in type) return { type: "array", items: { type: type.items } };
  const properties = Object.fromEntries(Object.entries(type.members).map(([name, member]) => [name, { type: member }]));
  return { type: "object", properties, additionalProperties: { type: "string" } };
}

/** An operation for each cell, and one for each of its values. */
function description(): string {
  const paths = CELLS.flatMap((cell) => {
    const { name, in: place, style, explode, required, allowReserved, allowEmptyValue, index, type } = cell;
    const query = place === "query" ? { allowReserved, ...(allowEmptyValue ? { allowEmptyValue } : {}) } : {};
    const operation = (schema: object) => ({
      get: {
        parameters: [{ name, in: place, style, explode, required, ...query, schema }],
        responses: { 200: { description: "ok" } },
      },
    });
    const end = place === "path" ? "/{color}" : "";
    return [
      [`/c${index}/any${end}`, operation(schemaOf(type))] as const,
      ...VALUES[index]!.map(
        (value, at) => [`/c${index}/v${at}${end}`, operation({ ...schemaOf(type), const: value })] as const,
      ),
    ];
  });
  return JSON.stringify({
    openapi: "3.1.0",
    info: { title: "Parameters", version: "1" },
    "x-biplane-dispatch": undefined,
    paths: Object.fromEntries(
      paths.map(([path, item]) => [path, { get: { ...item.get, "x-biplane-dispatch": { name: "mock" } } }]),
    ),
  });
}

function requestOf({ in: place, index }: Cell, variant: string, raw: string): string {
  const path = `/c${index}/${variant}${place === "path" ? `/${raw}` : ""}`;
  const target = place === "query" ? `${path}?${raw}` : path;
  const field = place === "header" ? `X-Color: ${raw}\r\n` : place === "cookie" ? `Cookie: ${raw}\r\n` : "";
  return `GET ${target} HTTP/1.1\r\nHost: gateway\r\n${field}`;
}

function isText(raw: string): boolean {
  try {
    decodeURIComponent(raw);
    return true;
  } catch {
    return false;
  }
}

/** What a gateway must answer. @param only the one value that is taken; undefined: any of the type */
function expected(cell: Cell, raw: string, only?: { readonly value: unknown }): number {
  if (cell.in === "path") {
    // An empty segment is another path, and so is what is no text; one of dots is nobody's, whatever it might mean here.
    if (raw === "" || !isText(raw)) return 404;
    if (/^(\.|%2e){1,2}$/i.test(raw)) return 400;
  }
  const decoded: Decoded = decodeReference(cell, raw);
  if (decoded === "broken") return 400;
  if (decoded === "absent") return cell.required ? 400 : 200;
  if (decoded === "empty") return 200;
  if (!isOfType(cell.type, decoded.value)) return 400;
  return only === undefined || isDeepStrictEqual(only.value, decoded.value) ? 200 : 400;
}

const started = starting();
let running: RunningGateway;

beforeAll(async () => {
  running = await started.gateway(compiled({ "api.json": description() }));
});
afterAll(() => started.end());

/** All of them over one connection. */
async function statusesOf(requests: readonly string[]): Promise<readonly number[]> {
  const last = requests.length - 1;
  const { text } = await sendRaw(
    running.gateway,
    requests.map((request, index) => `${request}${index === last ? "Connection: close\r\n" : ""}\r\n`).join(""),
  );
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

describe("a parameter", () => {
  test("of every kind is there", () => {
    expect(CELLS.length).toBe(42 + 14 * 3 + 11 + 6 * 3 + 3 + 14 * 2 * 2);
  });

  test.each(CELLS.map((cell) => [cell.title, cell] as const))(
    "%s: verdict and value are those of the reference",
    async (_, cell) => {
      const texts = fc.sample(textsOf(cell), { numRuns: 60, seed: 20_261_127 + cell.index });
      const tries: { variant: string; raw: string; status: number }[] = [];
      const add = (variant: string, raw: string, only?: { readonly value: unknown }): void => {
        // No octet that a path, a query or a field cannot hold.
        if (cell.in === "path" && /[/?#]/.test(raw)) return;
        tries.push({ variant, raw, status: expected(cell, raw, only) });
      };
      for (const raw of texts) add("any", raw);
      for (const [at, value] of VALUES[cell.index]!.entries()) {
        const own = write(cell, value);
        expect(decodeReference(cell, own), own).toEqual({ value });
        for (const raw of [own, ...VALUES[cell.index]!.map((other) => write(cell, other)), ...texts.slice(0, 20)]) {
          add(`v${at}`, raw, { value });
        }
      }
      const statuses = await statusesOf(tries.map(({ variant, raw }) => requestOf(cell, variant, raw)));
      const wrong = tries.flatMap(({ variant, raw, status }, index) =>
        statuses[index] === status ? [] : [`${variant} ${raw}: ${statuses[index]} instead of ${status}`],
      );
      expect(wrong).toEqual([]);
      // Both verdicts were seen.
      expect(new Set(tries.map(({ status }) => status === 200)).size).toBe(2);
    },
  );
});
