/** Schemas and values that somebody has made to do harm. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { compileSchema, createValidator, InvalidSchema, SchemaResources } from "./index.ts";
import { KEYWORDS, OPENAPI_KEYWORDS } from "./keywords.ts";

test("what is nested so deeply that no stack holds it does not fit, and harms nobody", () => {
  const validator = createValidator({ items: { $ref: "#" } });
  let value: unknown = [];
  for (let depth = 0; depth < 200_000; depth++) value = [value];
  expect(validator.fits(value)).toBe(false);
  expect(validator.errors(value)).toMatchObject([{ keyword: "tooDeep" }]);
});

test("nothing of a schema becomes code", () => {
  const global = globalThis as { hacked?: boolean };
  const texts = [
    '"); globalThis.hacked = true; ("',
    "`); globalThis.hacked = true; (`",
    '\\"); globalThis.hacked = true; //',
    "*/ globalThis.hacked = true; /*",
    "${(globalThis.hacked = true)}",
    "\u2028globalThis.hacked = true\u2028",
    "'];globalThis.hacked=true;['",
    "__proto__",
    "constructor",
  ];
  for (const text of texts) {
    const schema = {
      $id: `https://x.test/${encodeURIComponent(text)}`,
      title: text,
      const: text,
      enum: [text, { [text]: text }],
      required: [text],
      properties: { [text]: { const: { [text]: text } } },
      dependentRequired: { [text]: [text] },
      dependentSchemas: { [text]: { properties: { [text]: false } } },
      additionalProperties: { enum: [text] },
      $defs: { [text]: { type: "string" } },
      allOf: [{ $ref: `#/$defs/${encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"))}` }],
      format: text,
    };
    const validator = createValidator(schema, { assertFormat: true });
    for (const value of [text, { [text]: text }, { other: text }, 3]) {
      validator.fits(value);
      validator.errors(value);
    }
    expect(createValidator({ pattern: text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&") }).fits(text)).toBe(true);
  }
  expect(global.hacked).toBeUndefined();
});

test("a schema that asks for more and more checks of one value is ended", () => {
  const twice = (name: string) => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
  const $defs: Record<string, unknown> = { a40: { type: "number" } };
  for (let level = 0; level < 40; level++) $defs[`a${level}`] = twice(`a${level + 1}`);
  const validator = createValidator({ $ref: "#/$defs/a0", $defs });
  expect(validator.fits(3)).toBe(false);
  expect(validator.errors(3)).toMatchObject([{ keyword: "tooManySteps", instancePath: "" }]);
});

test("a value for which alternatives go on and on is ended, wherever it is asked for", () => {
  const tree = { properties: { next: { anyOf: [{ $ref: "#" }, { $ref: "#" }] }, leaf: false } };
  let value: unknown = { leaf: 1 };
  for (let level = 0; level < 60; level++) value = { next: value };
  for (const schema of [tree, { not: { $ref: "#/$defs/tree" }, $defs: { tree: { $id: "https://t.test/", ...tree } } }])
    expect(createValidator(schema).fits(value)).toBe(false);
  expect(createValidator(tree).errors(value).at(-1)).toMatchObject({ keyword: "tooManySteps" });
  // What is honest needs few.
  let honest: unknown = {};
  for (let level = 0; level < 500; level++) honest = { next: honest };
  expect(createValidator(tree, { stepsMax: 2_000 }).fits(honest)).toBe(true);
});

/** What documents have where schemas are: mostly something else. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    ...[true, false, null, 0, -1, 1.5, 2, "", "#", "#/$defs/a", "#x", "https://a.test/", "a", "[", "^(a+)+$", "object"],
    ...[
      "number",
      "date-time",
      "__proto__",
      "constructor",
      "\u2028",
      '"',
      "\\",
      [],
      {},
      ["a"],
      ["a", "a"],
      [{}],
      [true, {}],
    ],
    ...[["string"], { a: {} }, { a: [] }, { __proto__x: true }, { "a/b~": { $ref: "#" } }, 1e300, 5e-324],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const keywords = [...new Set([...Object.keys(KEYWORDS), ...Object.keys(OPENAPI_KEYWORDS), "nullable", "x-more"])];
const { soup } = fc.letrec<{ soup: unknown }>((tie) => ({
  soup: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anything,
    fc
      .array(fc.tuple(fc.constantFrom(...keywords), tie("soup")), { maxLength: 4 })
      .map((pairs) => Object.fromEntries(pairs)),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "__proto__", "a/b", "toString"), tie("soup")), { maxLength: 3 })
      .map((pairs) => Object.fromEntries(pairs)),
    fc.array(tie("soup"), { maxLength: 3 }),
  ),
}));

test("whatever is given as a schema is refused with reasons, or checks whatever is given as a value", () => {
  const counts = { refused: 0, compiled: 0 };
  fc.assert(
    fc.property(
      soup,
      fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom("2020-12", "openapi-3.0", "openapi-3.1"),
      fc.constantFrom(undefined, "request", "response"),
      fc.boolean(),
      (schema, values, dialect, direction, assertFormat) => {
        const resources = new SchemaResources();
        const options = { resources, direction, assertFormat, oneSided: "refuse" } as const;
        try {
          resources.add("https://soup.test/", schema, { dialect });
          const place = resources.at("https://soup.test/") ?? schema;
          const compiled = compileSchema(place, options);
          expect(compileSchema(place, options)).toEqual(compiled);
          const validator = createValidator(place, options);
          for (const value of [...values, { a: 1, b: "x", ["__proto__"]: [] }]) {
            expect(validator.errors(value).length === 0).toBe(validator.fits(value));
            for (const { message, schemaPath } of validator.errors(value)) {
              expect(message).not.toContain("undefined");
              expect(schemaPath).toStartWith("https://soup.test/#");
            }
          }
          counts.compiled++;
        } catch (error) {
          if (!(error instanceof InvalidSchema)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const { pointer, message } of error.problems) {
            expect(pointer === "" || pointer.startsWith("/")).toBe(true);
            expect(message).not.toContain("undefined");
          }
          counts.refused++;
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(counts.compiled).toBeGreaterThan(300);
  expect(counts.refused).toBeGreaterThan(300);
});
