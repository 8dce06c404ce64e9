import { describe, expect, test } from "bun:test";
import { type ApiDocument, clientText } from "./client-text.ts";
import { comment, typeOf } from "./schema-type.ts";

describe("types of schemas", () => {
  test.each([
    [{ type: "string" }, "string"],
    [{ type: "integer", minimum: 0 }, "number"],
    [{ type: ["string", "null"] }, "string | null"],
    [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
    [{ const: "x" }, '"x"'],
    [{ $ref: "#/components/schemas/App" }, "App"],
    [{ type: "array", items: { $ref: "#/components/schemas/App" } }, "readonly App[]"],
    [{ type: "array", items: { enum: ["a", "b"] } }, 'ReadonlyArray<"a" | "b">'],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
    [{ type: "object" }, "Readonly<Record<string, unknown>>"],
    [{ type: "object", additionalProperties: { type: "number" } }, "Readonly<Record<string, number>>"],
    [{ type: "object", properties: {} }, "Record<string, never>"],
    [{}, "unknown"],
  ])("%j is %s", (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });

  test("structures have their members, with what may be missing marked", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string", description: "One." }, "b-c": { type: "number" } },
      required: ["a"],
    };
    expect(typeOf(schema)).toBe('{\n  /** One. */\n  readonly a: string;\n  readonly "b-c"?: number;\n}');
  });
});

test("no text of the document ends a comment", () => {
  expect(comment("a */ b\n c", "")).toBe("/** a *\u200b/ b c */\n");
});

test("what no method can be made of is an error, and not left out", () => {
  const document = (operation: object): ApiDocument => ({
    paths: { "/x": { get: { operationId: "x", responses: {}, ...operation } } },
    components: { schemas: {} },
  });
  expect(() => clientText(document({}))).toThrow("x does not say what it answers");
  expect(() => clientText(document({ requestBody: { content: { "text/plain": {} } } }))).toThrow(
    "something else than JSON",
  );
});
