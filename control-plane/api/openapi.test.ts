import { describe, expect, test } from "bun:test";
import { NamedSchemas, named } from "./named-schemas.ts";
import { openApiDocument } from "./openapi.ts";
import type { Route, Schema } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import { TAGS, tagOf } from "./tags.ts";

interface Document {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly tags: readonly string[] }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const documentOf = (routes: readonly Route[]) => openApiDocument(routes, "1.2.3") as unknown as Document;
const document = documentOf(API_ROUTES);

describe("groups of operations", () => {
  test("every operation is in one that is described, and none is empty", () => {
    const used = Object.values(document.paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags));
    expect(used).toHaveLength(API_ROUTES.length);
    expect([...new Set(used)].sort()).toEqual(document.tags.map(({ name }) => name).sort());
    expect(document.tags).toEqual(TAGS);
  });

  test.each([
    ["/v1/orgs/{org}/apps/{app}", "apps"],
    ["/v1/orgs/{org}/apps/{app}/envs/{env}/status", "envs"],
    ["/v1/orgs/{org}/apps/{app}/envs/{env}/rollbacks", "deploys"],
    ["/v1/orgs/{org}/leave", "orgs"],
    ["/v1/status", "cloud"],
  ])("%s is of %s", (path, tag) => {
    expect(tagOf(path)).toBe(tag as ReturnType<typeof tagOf>);
  });

  test("a path that belongs nowhere is an error", () => {
    expect(() => tagOf("/v1/elsewhere")).toThrow("No group for /v1/elsewhere");
  });
});

describe("schemas with names", () => {
  test("stand among the components, and elsewhere as references", () => {
    const inner = named("Inner", { type: "object", properties: { title: { type: "string" } } });
    const schemas = new NamedSchemas({});
    const reference = { $ref: "#/components/schemas/Inner" };
    expect(schemas.referring({ type: "array", items: inner })).toEqual({ type: "array", items: reference });
    expect(schemas.referring(named("Outer", { anyOf: [inner, { type: "null" }] }))).toEqual({
      $ref: "#/components/schemas/Outer",
    });
    expect(schemas.components()).toEqual({
      // A member that is called title is none.
      Inner: { type: "object", properties: { title: { type: "string" } } },
      Outer: { anyOf: [reference, { type: "null" }] },
    });
  });

  test("one name is of one schema", () => {
    const schemas = new NamedSchemas({ A: { type: "string" } });
    expect(schemas.referring(named("A", { type: "string" }))).toEqual({ $ref: "#/components/schemas/A" });
    expect(() => schemas.referring(named("A", { type: "number" }))).toThrow("Two schemas are named A");
  });

  test("all that are referred to are there, those of the platform too", () => {
    const { schemas } = document.components;
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(schemas).toHaveProperty(name!);
    }
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(["App", "Env", "Deploy", "Instance", "Problem"]));
  });
});
