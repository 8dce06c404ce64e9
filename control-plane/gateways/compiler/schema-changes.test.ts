import { describe, expect, test } from "bun:test";
import { type Direction, schemaChanges } from "./schema-changes.ts";

const URI = "file:///api.yaml";

function changes(before: object, after: object, direction: Direction = "request", more: object = {}) {
  const place = (schema: object) => ({ roots: new Map([[URI, { ...more, a: schema }]]), uri: URI, pointer: "/a" });
  return schemaChanges(place(before), place(after), direction);
}

const text = { type: "string" };
const named = { type: "object", properties: { name: text } };

describe("what a changed schema surely breaks", () => {
  test.each([
    ["a type less", { type: ["string", "integer"] }, text, ["takes no integer any more as the value"]],
    ["null less, as OpenAPI 3.0 says it", { ...text, nullable: true }, text, ["takes no null any more as the value"]],
    ["a value less", { enum: ["a", "b"] }, { enum: ["a"] }, ['takes "b" no more as the value']],
    ["a member that is needed", named, { ...named, required: ["name"] }, ["needs /name now"]],
    [
      "all of that further down",
      { type: "array", items: named },
      { type: "array", items: { type: "object", properties: { name: { type: "boolean" } } } },
      ["takes no string any more as /*/name"],
    ],
  ])("in requests: %s", (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
    // The other way round callers may send what they sent before.
    expect(changes(after, before).filter((one) => !one.includes("boolean"))).toEqual([]);
  });

  test("in responses what callers did not know before", () => {
    expect(changes(text, { type: ["string", "null"] }, "response")).toEqual(["may have null now as the value"]);
    expect(changes({ enum: ["a"] }, { enum: ["a", "b"] }, "response")).toEqual(['may have "b" now as the value']);
    expect(changes({ ...named, required: ["name"] }, named, "response")).toEqual(["may leave out /name now"]);
    expect(changes(named, { ...named, required: ["name"] }, "response")).toEqual([]);
  });

  test("behind references, also those that lead back", () => {
    const tree = (kind: string) => ({ type: "object", properties: { kind: { type: kind }, next: { $ref: "#/a" } } });
    expect(changes(tree("string"), tree("integer"))).toEqual(["takes no string any more as /kind"]);
    expect(changes({ $ref: "#/T" }, { type: "integer" }, "request", { T: text })).toHaveLength(1);
    expect(changes({ $ref: "#/a" }, { $ref: "#/a" })).toEqual([]);
  });

  test("is not said of what only looks so", () => {
    expect(changes({ type: "integer" }, { type: "number" })).toEqual([]);
    expect(changes({ enum: ["a"] }, { type: "string", enum: ["a"] })).toEqual([]);
    expect(changes({ allOf: [{ type: "string" }] }, text)).toEqual([]);
    expect(changes({ $ref: "#/T", minLength: 1 }, { type: "integer" }, "request", { T: text })).toEqual([]);
  });
});
