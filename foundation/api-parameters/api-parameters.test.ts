import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  defaultExplode,
  defaultStyle,
  type Location,
  type Parameter,
  parseCookies,
  parseQuery,
  readParameter,
  type SentParameters,
  STYLES_OF,
  type Style,
  shapeOf,
  type ValueShape,
} from "./index.ts";

const TEXT: ValueShape = { kind: "scalar", types: ["string"] };
const NUMBERS: ValueShape = { kind: "array", items: ["integer"] };
const COLOUR: ValueShape = {
  kind: "object",
  properties: { R: { kind: "scalar", types: ["integer"] }, G: { kind: "scalar", types: ["integer"] } },
  others: { kind: "scalar", types: ["string"] },
};

function parameter(
  location: Location,
  style: Style,
  explode: boolean,
  shape: ValueShape,
  more: Partial<Parameter> = {},
): Parameter {
  return {
    name: "color",
    in: location,
    required: true,
    style,
    explode,
    shape,
    allowEmptyValue: false,
    isJson: false,
    ...more,
  };
}

/** What is sent, where it belongs. */
function sent(location: Location, raw: string): SentParameters {
  return {
    path: (name) => (location === "path" && name === "color" ? raw : undefined),
    query: parseQuery(location === "query" ? raw : "")!,
    header: (name) => (location === "header" && name === "color" ? [raw] : []),
    cookies: parseCookies(location === "cookie" ? raw : ""),
  };
}

const read = (one: Parameter, raw: string) => readParameter(one, sent(one.in, raw));

describe("the examples of the specification (OpenAPI 3.1 §4.8.12.4)", () => {
  const array: ValueShape = { kind: "array", items: ["string"] };
  const object: ValueShape = { kind: "object", properties: {}, others: { kind: "scalar", types: ["integer"] } };
  const [words, members] = [["blue", "black", "brown"], { R: 100, G: 200, B: 150 }];
  const named: ValueShape = {
    kind: "object",
    properties: Object.fromEntries(["R", "G", "B"].map((name) => [name, { kind: "scalar", types: ["integer"] }])),
    others: undefined,
  };
  test.each([
    ["path", "matrix", false, TEXT, ";color", ""],
    ["path", "matrix", false, TEXT, ";color=blue", "blue"],
    ["path", "matrix", false, array, ";color=blue,black,brown", words],
    ["path", "matrix", true, array, ";color=blue;color=black;color=brown", words],
    ["path", "matrix", false, object, ";color=R,100,G,200,B,150", members],
    ["path", "matrix", true, object, ";R=100;G=200;B=150", members],
    ["path", "label", false, TEXT, ".", ""],
    ["path", "label", false, TEXT, ".blue", "blue"],
    ["path", "label", false, array, ".blue,black,brown", words],
    ["path", "label", true, array, ".blue.black.brown", words],
    ["path", "label", false, object, ".R,100,G,200,B,150", members],
    ["path", "label", true, object, ".R=100.G=200.B=150", members],
    ["path", "simple", false, TEXT, "blue", "blue"],
    ["path", "simple", false, array, "blue,black,brown", words],
    ["path", "simple", false, object, "R,100,G,200,B,150", members],
    ["path", "simple", true, object, "R=100,G=200,B=150", members],
    ["header", "simple", false, array, "blue, black,brown", words],
    ["header", "simple", false, object, "R,100,G,200,B,150", members],
    ["header", "simple", true, object, "R=100, G=200,B=150", members],
    ["query", "form", false, TEXT, "color=", ""],
    ["query", "form", true, TEXT, "color=blue", "blue"],
    ["query", "form", false, array, "color=blue,black,brown", words],
    ["query", "form", true, array, "color=blue&color=black&color=brown", words],
    ["query", "form", false, object, "color=R,100,G,200,B,150", members],
    ["query", "form", true, named, "R=100&G=200&B=150", members],
    ["query", "spaceDelimited", false, array, "color=blue%20black%20brown", words],
    ["query", "spaceDelimited", false, array, "color=blue+black+brown", words],
    ["query", "spaceDelimited", false, object, "color=R%20100%20G%20200%20B%20150", members],
    ["query", "pipeDelimited", false, array, "color=blue%7Cblack%7cbrown", words],
    ["query", "pipeDelimited", false, array, "color=blue|black|brown", words],
    ["query", "pipeDelimited", false, object, "color=R%7C100%7CG%7C200%7CB%7C150", members],
    ["query", "deepObject", true, object, "color%5BR%5D=100&color%5BG%5D=200&color[B]=150", members],
    ["cookie", "form", true, TEXT, "a=1; color=blue", "blue"],
    ["cookie", "form", false, array, "color=blue,black,brown", words],
    ["cookie", "form", true, named, "R=100; G=200; B=150", members],
    ["cookie", "cookie", true, TEXT, "color=blue%20", "blue%20"],
  ] as const)("%s %s explode=%p %j %p", (location, style, explode, shape, raw, value) => {
    expect(read(parameter(location, style, explode, shape), raw)).toEqual({ kind: "value", value });
  });
});

/**
 * A reference writer, by the specification's tables and RFC 6570 alone: what it writes must be read as what it was.
 */
function write(one: Parameter, value: unknown): string {
  const encode = (item: unknown): string =>
    one.in === "header"
      ? String(item)
      : encodeURIComponent(String(item)).replaceAll(
          /[!'()*.~]/g,
          (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
        );
  const name = encode(one.name);
  const [open, join, item] = {
    simple: ["", ",", ","],
    label: [".", ".", ","],
    matrix: [";", ";", ","],
    form: ["", one.in === "cookie" ? "; " : "&", ","],
    cookie: ["", "; ", ","],
    spaceDelimited: ["", "&", "%20"],
    pipeDelimited: ["", "&", "%7C"],
    deepObject: ["", "&", ""],
  }[one.style] as [string, string, string];
  const isNamed = one.style !== "simple" && one.style !== "label";
  const own = (text: string): string => (isNamed ? `${name}=${text}` : text);
  if (Array.isArray(value)) {
    if (one.explode) return open + value.map((part) => own(encode(part))).join(join);
    return open + own(value.map(encode).join(item));
  }
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value);
    if (one.style === "deepObject")
      return pairs.map(([key, part]) => `${name}%5B${encode(key)}%5D=${encode(part)}`).join("&");
    if (one.explode)
      return (
        open + pairs.map(([key, part]) => `${encode(key)}=${encode(part)}`).join(one.style === "simple" ? "," : join)
      );
    return open + own(pairs.flatMap(([key, part]) => [encode(key), encode(part)]).join(item));
  }
  return open + own(encode(value));
}

describe("whatever is written is read as what it was", () => {
  const cases = (Object.entries(STYLES_OF) as [Location, readonly Style[]][]).flatMap(([location, styles]) =>
    styles
      .filter((style) => style !== "cookie")
      .flatMap((style) =>
        [true, false].flatMap((explode) =>
          (["scalar", "array", "object"] as const).flatMap((kind) => {
            // The specification gives these no meaning.
            if ((style === "spaceDelimited" || style === "pipeDelimited") && (explode || kind === "scalar")) return [];
            if (style === "deepObject" && (kind !== "object" || !explode)) return [];
            return [[location, style, explode, kind] as const];
          }),
        ),
      ),
  );

  test("all that there are are tried", () => expect(cases.length).toBe(41));

  test.each(cases)("%s %s explode=%p %s", (location, style, explode, kind) => {
    const isHeader = location === "header";
    const sign: fc.Arbitrary<string> = isHeader
      ? fc.constantFrom("a", "B", "1", "-", "_")
      : fc.constantFrom(
          "a",
          "B",
          "1",
          ",",
          ".",
          ";",
          "=",
          "&",
          "|",
          " ",
          "+",
          "%",
          "/",
          "é",
          "\u{1f600}",
          "[",
          "]",
          '"',
        );
    // With these styles a value that has the delimiter in it cannot be written (OpenAPI 3.1, appendix E).
    const delimiter = { spaceDelimited: " ", pipeDelimited: "|" }[style as string];
    const text = fc
      .array(
        sign.filter((one) => one !== delimiter),
        { minLength: 1, maxLength: 6 },
      )
      .map((all) => all.join(""));
    const scalar = fc.oneof(
      text.map((one) => ["string", one] as const),
      fc.integer().map((one) => ["integer", one] as const),
      fc.boolean().map((one) => ["boolean", one] as const),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => ["number", one === 0 ? 0 : one] as const),
    );
    const memberName =
      isHeader || location === "cookie" || style === "deepObject"
        ? fc.constantFrom("R", "G", "__proto__", "toString")
        : fc.constantFrom("R", "G", "x;y", "é,", "__proto__");
    const typed = fc.constantFrom("string" as const, "integer" as const, "boolean" as const);
    const of = { string: text, integer: fc.integer(), boolean: fc.boolean() } as const;
    fc.assert(
      fc.property(
        scalar,
        typed.chain((type) =>
          fc.tuple(fc.constant(type), fc.array(of[type] as fc.Arbitrary<unknown>, { minLength: 1, maxLength: 4 })),
        ),
        fc.uniqueArray(
          fc.tuple(
            memberName,
            typed.chain((type) => fc.tuple(fc.constant(type), of[type] as fc.Arbitrary<unknown>)),
          ),
          { minLength: 1, maxLength: 3, selector: ([name]) => name },
        ),
        ([type, one], [itemType, items], members) => {
          const [shape, value]: [ValueShape, unknown] =
            kind === "scalar"
              ? [{ kind, types: [type] }, one]
              : kind === "array"
                ? [{ kind, items: [itemType] }, items]
                : [
                    {
                      kind,
                      properties: Object.fromEntries(
                        members.map(([name, [memberType]]) => [name, { kind: "scalar", types: [memberType] }]),
                      ),
                      others: undefined,
                    },
                    Object.fromEntries(members.map(([name, [, member]]) => [name, member])),
                  ];
          const asked = parameter(location, style, explode, shape);
          expect(read(asked, write(asked, value))).toEqual({ kind: "value", value });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("what cannot be read says why", () => {
  test.each([
    ["path", "label", false, TEXT, "blue", 'must begin with "."'],
    ["path", "matrix", false, TEXT, "blue", 'must begin with ";"'],
    ["path", "matrix", false, TEXT, ";shade=blue", 'must be written as ";color=…"'],
    ["path", "matrix", false, TEXT, ";color=a;color=b", "is there more than once"],
    ["path", "simple", false, COLOUR, "R,100,G", "must have a value for each of its members"],
    ["path", "simple", true, COLOUR, "R=1,G", "must have its members as NAME=VALUE"],
    ["path", "simple", true, COLOUR, "R=1,R=2", 'has the member "R" more than once'],
    ["path", "simple", false, TEXT, "%zz", "is not percent-encoded correctly, or is not UTF-8"],
    ["path", "simple", false, TEXT, "%ff", "is not percent-encoded correctly, or is not UTF-8"],
    ["query", "form", false, TEXT, "color=a&color=b", "is there more than once"],
    ["query", "form", true, NUMBERS, "color=1&color=%f", "is not percent-encoded correctly, or is not UTF-8"],
    [
      "query",
      "deepObject",
      true,
      COLOUR,
      "color[R][x]=1",
      'has a member that is written as "color[R][x]": only color[MEMBER] is',
    ],
    ["query", "deepObject", true, COLOUR, "color[R]=1&color[R]=2", "is there more than once"],
  ] as const)("%s %s explode=%p %j %p", (location, style, explode, shape, raw, problem) => {
    expect(read(parameter(location, style, explode, shape), raw)).toEqual({ kind: "broken", problem });
  });

  test("a header that is there twice is a list, and one value is none", () => {
    const twice = { ...sent("header", ""), header: () => ["1", "2, 3"] };
    expect(readParameter(parameter("header", "simple", false, NUMBERS), twice)).toEqual({
      kind: "value",
      value: [1, 2, 3],
    });
    expect(readParameter(parameter("header", "simple", false, TEXT), twice)).toEqual({
      kind: "broken",
      problem: "is there more than once",
    });
  });

  test("JSON in a parameter", () => {
    const json = parameter("query", "form", true, TEXT, { isJson: true });
    expect(read(json, 'color={"a":[1,"+"]}'.replace('"+"', '"%2B"'))).toEqual({
      kind: "value",
      value: { a: [1, "+"] },
    });
    expect(read(json, "color={")).toEqual({ kind: "broken", problem: "must be JSON" });
  });
});

test("what is not there is absent, and what may be empty is", () => {
  for (const [location, style] of [
    ["path", "simple"],
    ["query", "form"],
    ["query", "deepObject"],
    ["header", "simple"],
    ["cookie", "form"],
  ] as const) {
    for (const shape of [TEXT, NUMBERS, COLOUR]) {
      const elsewhere: Location = location === "query" ? "header" : "query";
      expect(
        readParameter(parameter(location, style, defaultExplode(style), shape), sent(elsewhere, "shade=1")),
      ).toEqual({ kind: "absent" });
    }
    expect(STYLES_OF[location]).toContain(defaultStyle(location));
  }
  const flag = parameter("query", "form", true, TEXT, { allowEmptyValue: true });
  for (const raw of ["color", "color="]) expect(read(flag, raw)).toEqual({ kind: "empty" });
});

test.each([
  [["integer"], "5", 5],
  [["integer"], "5.0", 5],
  [["integer"], "5.5", "5.5"],
  [["integer"], "05", "05"],
  [["integer"], "+5", "+5"],
  [["integer"], "0x5", "0x5"],
  [["integer"], " 5", " 5"],
  [["integer"], "", ""],
  [["number"], "1e3", 1000],
  [["number"], "1e999", "1e999"],
  [["number"], "NaN", "NaN"],
  [["boolean"], "TRUE", "TRUE"],
  [["boolean", "string"], "true", true],
  [["string"], "true", "true"],
  [["null", "integer"], "", null],
  [["null", "string"], "", ""],
  [["null", "string"], "null", null],
  [[], "5", "5"],
] as const)("text of the types %j: %p is %p", (types, text, value) => {
  expect(read(parameter("path", "simple", false, { kind: "scalar", types }), encodeURIComponent(text))).toEqual({
    kind: "value",
    value,
  });
});

test("shapes are those of their schemas, through references and alternatives", () => {
  const schemas: Readonly<Record<string, unknown>> = {
    "#/Id": { type: "integer" },
    "#/Loop": { allOf: [{ $ref: "#/Loop" }] },
    "#/Filter": {
      type: "object",
      properties: { id: { $ref: "#/Id" }, tags: { type: "array", items: { $ref: "#/Id" } } },
      additionalProperties: false,
    },
  };
  const shape = (schema: unknown) => shapeOf(schema, (reference) => schemas[reference]);
  expect(shape({ type: "integer" })).toEqual({ kind: "scalar", types: ["integer"] });
  expect(shape({ $ref: "#/Id", nullable: true })).toEqual({ kind: "scalar", types: ["null", "integer"] });
  expect(shape({ anyOf: [{ type: "string" }, { type: "boolean" }] })).toEqual({
    kind: "scalar",
    types: ["boolean", "string"],
  });
  expect(shape({ enum: [1, "a", null] })).toEqual({ kind: "scalar", types: ["null", "number", "string"] });
  expect(shape({ items: { type: "number" } })).toEqual({ kind: "array", items: ["number"] });
  expect(shape({ $ref: "#/Filter" })).toEqual({
    kind: "object",
    properties: { id: { kind: "scalar", types: ["integer"] }, tags: { kind: "array", items: ["integer"] } },
    others: undefined,
  });
  expect(shape({ type: "object", additionalProperties: { type: "boolean" } })).toMatchObject({
    kind: "object",
    others: { kind: "scalar", types: ["boolean"] },
  });
  for (const schema of [true, {}, { $ref: "#/nowhere" }, { $ref: "#/Loop" }])
    expect(shape(schema)).toEqual({ kind: "scalar", types: [] });
});

test("more pairs than anybody sends are not looked at", () => {
  expect(parseQuery("a=1&".repeat(2_000))).toBeUndefined();
  expect(parseQuery("%zz=1&b=2")).toMatchObject({ isBroken: true });
});
