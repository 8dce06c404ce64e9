import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  compileSchema,
  compileSchemas,
  createValidator,
  loadValidator,
  loadValidators,
  SchemaResources,
} from "./index.ts";

describe("errors", () => {
  test("are all of them, with place, keyword and what is allowed", () => {
    const validator = createValidator({
      type: "object",
      required: ["name", "tags"],
      properties: {
        name: { type: "string", minLength: 2 },
        tags: { type: "array", items: { enum: ["a", "b"] }, maxItems: 2 },
        "a/b~c": { $ref: "#/$defs/count" },
      },
      additionalProperties: false,
      $defs: { count: { type: "integer", minimum: 1 } },
    });
    const value = { name: "x", tags: ["a", "c", 3], "a/b~c": 0, other: true };
    expect(validator.fits(value)).toBe(false);
    expect(
      validator.errors(value).map(({ instancePath, keyword, message }) => `${instancePath} ${keyword}: ${message}`),
    ).toEqual(
      [
        "/name minLength: must have at least 2 characters",
        '/tags/1 enum: must be one of "a", "b"',
        '/tags/2 enum: must be one of "a", "b"',
        "/a~1b~0c minimum: must be at least 1",
        ' additionalProperties: must not have the member "other"',
        "/tags maxItems: must have at most 2 items",
      ].toSorted((left, right) => order(left) - order(right)),
    );
    expect(validator.errors({ tags: [] })).toMatchObject([
      { instancePath: "", keyword: "required", params: { name: "name" }, message: 'must have the member "name"' },
    ]);
    expect(validator.errors(value, 2)).toHaveLength(2);
    expect(validator.errors({ name: "xy", tags: [] })).toEqual([]);

    function order(text: string): number {
      return validator
        .errors(value)
        .findIndex(({ instancePath, keyword }) => text.startsWith(`${instancePath} ${keyword}`));
    }
  });

  test("of alternatives are told with those of each of them", () => {
    const validator = createValidator({ oneOf: [{ type: "string" }, { type: "integer", maximum: 3 }] });
    expect(validator.errors(7).map(({ keyword }) => keyword)).toEqual(["type", "maximum", "oneOf"]);
    expect(createValidator({ oneOf: [{ minimum: 1 }, { maximum: 9 }] }).errors(5)).toMatchObject([
      { keyword: "oneOf", message: "must fit one of the alternatives only, and fits several" },
    ]);
  });
});

test("a schema that holds itself further in is fine", () => {
  const validator = createValidator({
    type: "object",
    properties: { next: { $ref: "#" }, n: { type: "integer" } },
    required: ["n"],
  });
  expect(validator.fits({ n: 1, next: { n: 2, next: { n: 3 } } })).toBe(true);
  expect(validator.errors({ n: 1, next: { n: 2, next: {} } })).toMatchObject([
    { instancePath: "/next/next", keyword: "required" },
  ]);
});

test("texts are the same for the same schema, and are validators without it", () => {
  const schema = {
    properties: { a: { type: "string", format: "date", pattern: "^\\d" } },
    patternProperties: { "^x-": { minimum: 3 } },
    unevaluatedProperties: false,
  };
  const compiled = compileSchema(schema, { assertFormat: true });
  expect(compileSchema(JSON.parse(JSON.stringify(schema)), { assertFormat: true })).toEqual(compiled);
  const validator = loadValidator(JSON.parse(JSON.stringify(compiled)));
  expect(validator.fits({ a: "2026-11-26", "x-y": 4 })).toBe(true);
  expect(validator.errors({ a: "2026-13-26", "x-y": 2, b: 1 }).map(({ keyword }) => keyword)).toEqual([
    "format",
    "minimum",
    "unevaluatedProperties",
  ]);
});

test("multiples of decimals are exact", () => {
  const units = ["0.1", "0.01", "0.001", "0.3", "2.5", "1e-7", "0.0075", "3", "1e-20", "1e+21", "12345.678"];
  fc.assert(
    fc.property(
      fc.constantFrom(...units),
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.nat(9),
      (unit, count, extra) => {
        const [mantissa, exponent = "0"] = unit.split("e");
        const digits = BigInt(mantissa!.replace(".", ""));
        const scale = Number(exponent) - (mantissa!.split(".")[1]?.length ?? 0);
        // One digit further than the unit has: a multiple only where that digit is zero, or makes one.
        const product = digits * BigInt(count) * 10n + BigInt(extra);
        const value = Number(`${product}e${scale - 1}`);
        if (String(product).replace("-", "").length > 15 || !Number.isFinite(value)) return;
        expect(createValidator({ multipleOf: Number(unit) }).fits(value)).toBe(product % (digits * 10n) === 0n);
      },
    ),
    { numRuns: 300 },
  );
});

describe("several schemas in one text", () => {
  const resources = new SchemaResources();
  resources.add("https://api.test/", {
    a: { type: "array", items: { $ref: "#/shared" } },
    b: { type: "object", additionalProperties: { $ref: "#/shared" } },
    shared: { type: "string", maxLength: 3 },
  });
  const places = ["/a", "/b"].map((pointer) => resources.at("https://api.test/", pointer)!);

  test("are validators in their order, and share what they have in common", () => {
    const compiled = compileSchemas(places, { resources });
    const [list, map] = loadValidators(compiled);
    expect([list!.fits(["abc"]), list!.fits(["abcd"]), list!.fits({})]).toEqual([true, false, false]);
    expect([map!.fits({ x: "abc" }), map!.fits({ x: "abcd" }), map!.fits([])]).toEqual([true, false, false]);
    expect(map!.errors({ x: "abcd", y: 1 })).toMatchObject([
      { instancePath: "/x", schemaPath: "https://api.test/#/shared/maxLength" },
      { instancePath: "/y", schemaPath: "https://api.test/#/shared/type" },
    ]);
    expect(compiled.first.split("<= 3").length - 1).toBe(2);
  });

  test("are the same text in the same resources, whatever was compiled before", () => {
    const schema = { properties: { a: { minimum: 3 } } };
    expect(compileSchema(schema, { resources })).toEqual(compileSchema(schema, { resources }));
    expect(compileSchema(schema, { resources })).toEqual(compileSchema(schema));
  });
});

test("errors end where they are enough", () => {
  let looked = 0;
  const value = Array.from({ length: 50 }, () => ({
    get x() {
      looked++;
      return 1;
    },
  }));
  const validator = createValidator({ items: { properties: { x: { type: "string" } } } });
  expect(validator.errors(value, 3).map(({ instancePath }) => instancePath)).toEqual(["/0/x", "/1/x", "/2/x"]);
  expect(looked).toBeLessThan(5);
  expect(validator.errors(value)).toHaveLength(50);
  // Also of alternatives, which are not told while another one may fit.
  const either = createValidator({ anyOf: [{ items: { type: "string" } }, { items: { type: "number" } }] });
  expect(either.errors(Array(200).fill(1))).toEqual([]);
  expect(either.errors(Array(200).fill(null), 5)).toHaveLength(5);
});

test("what is known of a value is not taken for known of what is in it", () => {
  const validator = createValidator({ type: "array", contains: { contains: { const: 1 }, minimum: 2 } });
  expect([[null], [[]], [[1]], [1], [2]].map((value) => validator.fits(value))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(createValidator({ type: "object", propertyNames: { minProperties: 3 } }).fits({ a: 1 })).toBe(true);
});
