/** The schemas of OpenAPI, and members that only one side gives. */
import { describe, expect, test } from "bun:test";
import { createValidator, SchemaResources } from "./index.ts";

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

  describe("members of one side", () => {
    const validatorOf = (schema: object, direction: "request" | "response", oneSided?: "refuse") =>
      createValidator(schema, { direction, ...(oneSided === undefined ? {} : { oneSided }) });

    test("are not asked for, wherever it is said that they are needed and that they are of one side", () => {
      const base = { type: "object", properties: { id: { $ref: "#/$defs/id" } } };
      const $defs = {
        id: { allOf: [{ type: "string" }, { readOnly: true }] },
        base,
        needy: { required: ["id", "name"] },
      };
      for (const schema of [
        { ...base, required: ["id", "name"] },
        { $ref: "#/$defs/base", required: ["id", "name"] },
        { allOf: [{ $ref: "#/$defs/base" }], required: ["id", "name"] },
        { allOf: [{ $ref: "#/$defs/base" }, { required: ["id", "name"] }] },
        { allOf: [{ $ref: "#/$defs/base" }, { $ref: "#/$defs/needy" }] },
        { ...base, dependentRequired: { name: ["id"] }, required: ["name"] },
      ]) {
        const given = { ...schema, $defs };
        expect(validatorOf(given, "request").errors({ name: "x" })).toEqual([]);
        expect(validatorOf(given, "request").fits({ name: "x" })).toBe(true);
        expect(validatorOf(given, "request").fits({})).toBe(false);
        expect(validatorOf(given, "response").fits({ name: "x" })).toBe(false);
        expect(createValidator(given).fits({ name: "x" })).toBe(false);
      }
      // Of another value nothing is said by it.
      const inner = { ...base, $defs, properties: { ...base.properties, child: { required: ["id"] } } };
      expect(validatorOf(inner, "request").fits({ child: {} })).toBe(false);
    });

    test("must fit their schema when they are there, or are refused by option", () => {
      const schema = {
        properties: { id: { type: "string", readOnly: true }, key: { type: "string", writeOnly: true } },
      };
      expect(validatorOf(schema, "request").fits({ id: "x", key: "y" })).toBe(true);
      expect(validatorOf(schema, "request").fits({ id: 3 })).toBe(false);
      expect(validatorOf(schema, "request", "refuse").errors({ id: "x", key: "y" })).toMatchObject([
        { instancePath: "/id", keyword: "readOnly", message: "must not be given: it is for reading only" },
      ]);
      expect(validatorOf(schema, "response", "refuse").errors({ id: "x", key: "y" })).toMatchObject([
        { instancePath: "/key", keyword: "writeOnly", message: "must not be given: it is for writing only" },
      ]);
      expect(validatorOf(schema, "response", "refuse").fits({ id: "x" })).toBe(true);
      expect(createValidator(schema, { oneSided: "refuse" }).fits({ id: "x", key: "y" })).toBe(true);
    });
  });

  test("3.0: null beside an enumeration stands in it, and nothing is nullable without a type", () => {
    const fits = (schema: object, value: unknown) => {
      const resources = new SchemaResources();
      resources.add("https://api.test/", schema, { dialect: "openapi-3.0" });
      return createValidator(resources.at("https://api.test/")!, { resources }).fits(value);
    };
    expect(fits({ type: "string", nullable: true, enum: ["a"] }, null)).toBe(false);
    expect(fits({ type: "string", nullable: true, enum: ["a", null] }, null)).toBe(true);
    expect(fits({ nullable: true, allOf: [{ type: "string" }] }, null)).toBe(false);
    expect(fits({ type: "integer", maximum: 3, exclusiveMaximum: false }, 3)).toBe(true);
    expect(fits({ type: "object", additionalProperties: false, discriminator: { propertyName: "kind" } }, {})).toBe(
      true,
    );
  });
});
