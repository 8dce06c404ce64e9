/** What is wrong with schemas is told, all of it, and where. */
import { describe, expect, test } from "bun:test";
import { createValidator, InvalidSchema, inspectSchemas, SchemaResources } from "./index.ts";

const problemsOf = (schema: unknown): readonly string[] => {
  try {
    createValidator(schema);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return error.problems.map(({ pointer, message }) => `${pointer} ${message}`);
  }
};

describe("a schema that cannot be used", () => {
  test.each([
    [{ type: "strnig" }, ["/type must fit at least one of the alternatives"]],
    [{ properties: { a: { minimum: "3" } } }, ["/properties/a/minimum must be a number"]],
    [{ required: "name" }, ["/required must be an array"]],
    [{ allOf: [] }, ["/allOf must have at least 1 item"]],
    [{ pattern: "(" }, ['/pattern The pattern "(" cannot be used: Invalid regular expression: missing )']],
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

  test("says all that is wrong at once, in every document that is reached", () => {
    const resources = new SchemaResources();
    resources.add("https://other.test/types", {
      $defs: { size: { type: "integer", minimum: "0", $ref: "https://third.test/#/$defs/x" } },
    });
    resources.add("https://third.test/", { $defs: { x: { pattern: "(?=a)b" }, notReached: { type: 1 } } });
    const schema = {
      properties: {
        a: { type: 3 },
        b: { maxItems: -1, $ref: "https://other.test/types#/$defs/size" },
        c: { $ref: "#/nowhere" },
      },
      patternProperties: { "(a)\\1": true, "[": 7 },
      $defs: { unused: { $ref: "#/nowhere" }, "a/b": { allOf: [] } },
    };
    const { problems } = inspectSchemas([schema], { resources });
    expect(problems.map(({ document, pointer }) => `${document}#${pointer}`).toSorted()).toEqual(
      [
        "#/patternProperties/(a)\\1",
        "#/patternProperties/[",
        "#/patternProperties/[",
        "#/properties/a/type",
        "#/properties/a/type",
        "#/properties/a/type",
        "#/properties/b/maxItems",
        "https://other.test/types#/$defs/size/minimum",
        "https://third.test/#/$defs/x/pattern",
        "#/properties/c/$ref",
        "#/$defs/unused/$ref",
        "#/$defs/a~1b/allOf",
      ].toSorted(),
    );
    expect(() => createValidator(schema, { resources })).toThrow(InvalidSchema);
  });
});

describe("dialects", () => {
  test.each([
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://unheard.of/schema",
  ])("%s is refused, and not read as another", ($schema) => {
    const message = `The dialect ${JSON.stringify($schema)} is not known here.`;
    expect(problemsOf({ $schema, minimum: 3, properties: { a: { type: 3 } } })).toEqual([`/$schema ${message}`]);
    expect(problemsOf({ items: { $id: "https://a.test/", $schema, items: [{}] } })).toEqual([
      `/items/$schema ${message}`,
    ]);
    expect(problemsOf({ items: { $schema } })).toHaveLength(1);
  });

  test("a vocabulary that is needed must be known", () => {
    const resources = new SchemaResources();
    const core = "https://json-schema.org/draft/2020-12/vocab/core";
    const validation = "https://json-schema.org/draft/2020-12/vocab/validation";
    resources.add("https://units.test/needed", { $vocabulary: { [core]: true, "https://units.test/vocab": true } });
    resources.add("https://units.test/wished", {
      $vocabulary: { [core]: true, [validation]: true, "https://units.test/vocab": false },
    });
    const of = (name: string) => inspectSchemas([{ $schema: `https://units.test/${name}`, minimum: 3 }], { resources });
    expect(of("needed").problems).toMatchObject([{ pointer: "/$schema" }]);
    expect(of("wished").problems).toEqual([]);
    const validator = createValidator({ $schema: "https://units.test/wished", minimum: 3, items: 7 }, { resources });
    expect([validator.fits(2), validator.fits(3), validator.fits(["x"])]).toEqual([false, true, true]);
  });

  test("OpenAPI 3.0: values of its own keywords, and nothing of later drafts", () => {
    const document = {
      components: {
        schemas: {
          A: { type: ["string", "null"], exclusiveMinimum: 3, items: false, nullable: "yes" },
          B: { type: "strnig", const: 3, properties: { a: true, b: { $ref: "#/components/schemas/C", type: 7 } } },
          C: { additionalProperties: true, not: { $ref: "#/components/schemas/None" }, "x-note": 1 },
        },
      },
    };
    const resources = new SchemaResources();
    const at = (name: string) => `/components/schemas/${name}`;
    resources.add("https://api.test/", document, { dialect: "openapi-3.0", schemasAt: ["A", "B", "C"].map(at) });
    const places = ["A", "B"].map((name) => resources.at("https://api.test/", at(name))!);
    const { problems, warnings } = inspectSchemas(places, { resources });
    expect([...new Set(problems.map(({ pointer }) => pointer.replace("/components/schemas", "")))].toSorted()).toEqual([
      "/A/exclusiveMinimum",
      "/A/items",
      "/A/nullable",
      "/A/type",
      "/B/properties/a",
      "/B/type",
      "/C/not/$ref",
    ]);
    expect(warnings).toMatchObject([{ pointer: "/components/schemas/B/const" }]);
  });

  test("OpenAPI 3.1 and 3.2: 2020-12, and keywords that inform", () => {
    const schema = { type: ["string", "null"], discriminator: { mapping: 3 }, example: 1, xml: {} };
    for (const dialect of ["openapi-3.1", "openapi-3.2"] as const) {
      const resources = new SchemaResources();
      resources.add("https://api.test/", schema, { dialect });
      const { problems } = inspectSchemas([resources.at("https://api.test/")!], { resources });
      expect(problems.map(({ pointer }) => pointer)).toEqual(["/discriminator", "/discriminator/mapping"]);
    }
    expect(problemsOf(schema)).toEqual([]);
    for (const name of ["3.1/dialect/base", "3.2/dialect/2025-09-17"])
      expect(problemsOf({ ...schema, $schema: `https://spec.openapis.org/oas/${name}` })).toHaveLength(2);
  });

  test("a document may say what the $schema of its schemas is", () => {
    const resources = new SchemaResources();
    const document = {
      a: { minimum: 1, items: { not: {} } },
      b: { $schema: "http://json-schema.org/draft-04/schema#", maximum: 1, exclusiveMaximum: true },
      c: { $schema: "https://json-schema.org/draft/2020-12/schema", maximum: 1 },
    };
    resources.add("https://api.test/", document, { schemasAt: ["/a", "/b", "/c"], metaSchema: "https://x.test/" });
    const places = ["/a", "/b", "/c"].map((pointer) => resources.at("https://api.test/", pointer)!);
    expect(inspectSchemas(places, { resources }).problems).toEqual([
      { document: "https://api.test/", pointer: "", message: 'The dialect "https://x.test/" is not known here.' },
      {
        document: "https://api.test/",
        pointer: "/b/$schema",
        message: 'The dialect "http://json-schema.org/draft-04/schema#" is not known here.',
      },
    ]);
    expect(createValidator(places[2]!, { resources }).fits(2)).toBe(false);
  });

  test("meta-schemas that name each other are known to nobody", () => {
    const resources = new SchemaResources();
    resources.add("https://one.test/", { $schema: "https://two.test/" });
    resources.add("https://two.test/", { $schema: "https://one.test/" });
    const { problems } = inspectSchemas([{ $schema: "https://one.test/" }], { resources });
    expect(problems).toMatchObject([{ pointer: "/$schema" }]);
  });
});

describe("names that two schemas have", () => {
  test("anchors", () => {
    expect(problemsOf({ $defs: { a: { $anchor: "x" }, b: { $dynamicAnchor: "x" } } })).toEqual([
      '/$defs/b Another schema has the anchor "x" too.',
    ]);
    expect(problemsOf({ $defs: { a: { $anchor: "x", $dynamicAnchor: "x" } } })).toEqual([]);
  });

  test("addresses: an error, but for the same schema twice", () => {
    const resources = new SchemaResources();
    const first = { $id: "https://a.test/", $ref: "#/$defs/x", $defs: { x: { type: "string" } } };
    const options = { resources };
    expect(createValidator(first, options).fits("x")).toBe(true);
    expect(createValidator(structuredClone(first), options).fits("x")).toBe(true);
    const { problems } = inspectSchemas([{ ...first, $defs: { x: { type: "number" } } }], options);
    expect(problems.map(({ message }) => message)).toEqual(['Another schema has the address "https://a.test/" too.']);
  });
});

describe("formats", () => {
  test("that are not known are told where they would be checked", () => {
    const schema = { properties: { a: { format: "colour" }, b: { format: "password" } } };
    expect(inspectSchemas([schema])).toEqual({ problems: [], warnings: [] });
    expect(inspectSchemas([schema], { assertFormat: true })).toMatchObject({
      problems: [],
      warnings: [{ pointer: "/properties/a/format" }],
    });
  });

  test("are an error where the dialect says that they assert", () => {
    const resources = new SchemaResources();
    const vocab = "https://json-schema.org/draft/2020-12/vocab";
    resources.add("https://a.test/", { $vocabulary: { [`${vocab}/core`]: true, [`${vocab}/format-assertion`]: true } });
    const { problems } = inspectSchemas([{ $schema: "https://a.test/", format: "colour" }], { resources });
    expect(problems).toMatchObject([{ pointer: "/format" }]);
  });
});

describe("limits", () => {
  const nested = (depth: number): unknown => (depth === 0 ? {} : { items: nested(depth - 1) });

  test.each([
    ["nested", nested(201), {}, "Schemas are nested more than 200 deep."],
    ["nested, by option", nested(6), { depthMax: 5 }, "Schemas are nested more than 5 deep."],
    ["many", { anyOf: Array(30).fill({}) }, { schemasMax: 20 }, "More than 20 schemas are reached."],
    ["long", { enum: ["x".repeat(500)] }, { textMax: 400 }, "What is written for it has more than 400 characters."],
    ["no document", nested(1_200), {}, "A document has at most 1000 levels and 20000000 values."],
  ])("%s", (_name, schema, limits, message) => {
    let problems: readonly { readonly message: string }[] = [];
    try {
      createValidator(schema, { limits });
    } catch (error) {
      if (!(error instanceof InvalidSchema)) throw error;
      problems = error.problems;
    }
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  });

  test("what is within them works, also nested deeply", () => {
    const validator = createValidator(nested(200));
    let value: unknown = 1;
    for (let depth = 0; depth < 200; depth++) value = [value];
    expect(validator.fits(value)).toBe(true);
  });

  test("a value that holds itself is no schema", () => {
    const schema: { items?: unknown } = {};
    schema.items = schema;
    expect(problemsOf(schema)).toHaveLength(1);
    expect(problemsOf(undefined)).toEqual([" It is no JSON."]);
  });
});
