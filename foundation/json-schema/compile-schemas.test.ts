import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileSchema, createValidator, InvalidSchema, loadValidator, SchemaResources } from "./index.ts";

const problemsOf = (schema: unknown): readonly string[] => {
  try {
    createValidator(schema);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return error.problems.map(({ pointer, message }) => `${pointer} ${message}`);
  }
};

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

describe("a schema that cannot be used", () => {
  test.each([
    [{ type: "strnig" }, ["/type must fit at least one of the alternatives"]],
    [{ properties: { a: { minimum: "3" } } }, ["/properties/a/minimum must be a number"]],
    [{ required: "name" }, ["/required must be an array"]],
    [{ allOf: [] }, ["/allOf must have at least 1 item"]],
    [{ pattern: "(" }, ["/pattern must be a valid regex"]],
    [{ $ref: "#/$defs/none" }, ['/$ref There is no schema at "#/$defs/none".']],
    [{ $ref: "https://elsewhere.test/x.json" }, ['/$ref There is no schema at "https://elsewhere.test/x.json".']],
    [{ $ref: "#" }, [" It refers to itself for the same value: no check would ever end."]],
    [
      { $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" },
      ["/$defs/a It refers to itself for the same value: no check would ever end."],
    ],
    ["text", [" A schema is an object, true or false."]],
  ])("%j says why", (schema, problems) => {
    const found = problemsOf(schema);
    for (const problem of problems) expect(found).toContain(problem);
  });

  test("says all that is wrong at once", () => {
    expect(
      problemsOf({ properties: { a: { type: 3 }, b: { maxItems: -1 }, c: { $ref: "#/nowhere" } } }).length,
    ).toBeGreaterThan(1);
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

test("what is nested so deeply that no stack holds it does not fit, and harms nobody", () => {
  const validator = createValidator({ items: { $ref: "#" } });
  let value: unknown = [];
  for (let depth = 0; depth < 200_000; depth++) value = [value];
  expect(validator.fits(value)).toBe(false);
  expect(validator.errors(value)).toMatchObject([{ keyword: "tooDeep" }]);
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

describe("OpenAPI", () => {
  const at = (document: object, pointer: string, direction?: "request" | "response") => {
    const resources = new SchemaResources();
    resources.add("https://api.test/openapi.json", document, { dialect: "openapi-3.0", schemasAt: [pointer] });
    return createValidator(resources.at("https://api.test/openapi.json", pointer)!, {
      resources,
      assertFormat: true,
      ...(direction === undefined ? {} : { direction }),
    });
  };
  const document = {
    openapi: "3.0.3",
    components: {
      schemas: {
        Pet: {
          type: "object",
          required: ["id", "name", "secret"],
          properties: {
            id: { type: "integer", format: "int32", readOnly: true },
            name: { type: "string", nullable: true },
            secret: { $ref: "#/components/schemas/Secret", description: "ignored" },
            age: { type: "number", minimum: 0, exclusiveMinimum: true },
            tag: { $ref: "#/components/schemas/Tag", nullable: true },
          },
        },
        Secret: { type: "string", writeOnly: true },
        Tag: { type: "string", enum: ["a"], const: "b", if: false, else: false },
      },
    },
  };

  test("3.0: nullable, bounds by flags, nothing beside a reference, no keywords of later drafts", () => {
    const pet = at(document, "/components/schemas/Pet");
    expect(pet.fits({ id: 1, name: null, secret: "s", age: 0.1, tag: "a" })).toBe(true);
    const errors = pet.errors({ id: 2 ** 40, name: 3, secret: null, age: 0, tag: null });
    expect(errors.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`)).toEqual([
      "/id format",
      "/name type",
      "/secret type",
      "/age exclusiveMinimum",
      "/tag type",
      "/tag enum",
    ]);
  });

  test("members that only one side gives are asked for from that side only", () => {
    expect(at(document, "/components/schemas/Pet", "request").fits({ name: "x", secret: "s" })).toBe(true);
    expect(at(document, "/components/schemas/Pet", "request").fits({ id: 1, name: "x" })).toBe(false);
    expect(at(document, "/components/schemas/Pet", "response").fits({ id: 1, name: "x" })).toBe(true);
    expect(at(document, "/components/schemas/Pet", "response").fits({ name: "x", secret: "s" })).toBe(false);
  });
});
