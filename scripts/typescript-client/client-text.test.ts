import { describe, expect, test } from "bun:test";
import type { ApiDocument } from "./api-document.ts";
import { clientText } from "./client-text.ts";
import { allName, className, followName, groupName, methodName } from "./method-name.ts";
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
    [
      { type: "object", properties: { a: { type: "null" } }, additionalProperties: true },
      "{\n  readonly a?: null;\n  readonly [name: string]: unknown;\n}",
    ],
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

describe("names", () => {
  test.each([
    ["apps", "createApp", "create"],
    ["apps", "listApps", "list"],
    ["envs", "getEnvStatus", "getStatus"],
    ["service-principals", "listServicePrincipals", "list"],
    ["volumes", "attachVolume", "attach"],
    ["volumes", "listVolumeAttachments", "listAttachments"],
    ["users", "listOrgUsers", "listInOrg"],
    ["orgs", "getOrg", "get"],
    ["audit", "auditHead", "head"],
    ["invitations", "invite", "invite"],
    ["nodes", "nodes", "nodes"],
    // Only whole words go.
    ["apps", "listAppsettings", "listAppsettings"],
    ["secrets", "confirmNoSecrets", "confirmNone"],
  ])("in %s, %s is %s", (tag, operationId, name) => {
    expect(methodName(tag, operationId)).toBe(name);
  });

  test("of groups, and of what goes on", () => {
    expect(groupName("service-principals")).toBe("servicePrincipals");
    expect(className("service-principals")).toBe("ServicePrincipals");
    expect(allName("readInOrg")).toBe("readAllInOrg");
    expect(followName("readInOrg")).toBe("followInOrg");
  });
});

const documentOf = (operations: Readonly<Record<string, object>>): ApiDocument => ({
  tags: [{ name: "things", description: "Things." }],
  paths: Object.fromEntries(
    Object.entries(operations).map(([operationId, operation]) => [
      `/${operationId}/{thing}`,
      { get: { operationId, tags: ["things"], responses: {}, ...operation } },
    ]),
  ),
  components: { schemas: { Thing: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } } },
});
const THING = { $ref: "#/components/schemas/Thing" };
const answering = (schema: object, contentType = "application/json") => ({
  responses: { 200: { content: { [contentType]: { schema } } } },
});

test("an operation has its method, its parameters, and what the transport must know", () => {
  const parameters = [
    { name: "thing", in: "path", required: true, schema: { type: "string" } },
    { name: "limit", in: "query", description: "Most.", schema: { type: "integer" } },
    { name: "Idempotency-Key", in: "header", schema: { type: "string" } },
  ];
  const requestBody = { content: { "application/json": { schema: THING } } };
  const text = clientText(
    documentOf({ makeThing: { summary: "Makes one.", security: [], parameters, requestBody, ...answering(THING) } }),
  );
  expect(text.slice(text.indexOf("export type Thing"))).toMatchSnapshot();
});

test("what comes in pages, lines, as text or as octets has the methods for that", () => {
  const page = { type: "object", properties: { items: { type: "array", items: THING }, next: { type: "string" } } };
  const query = (...names: string[]) => names.map((name) => ({ name, in: "query", schema: { type: "string" } }));
  const text = clientText(
    documentOf({
      listThings: { parameters: query("after"), ...answering(page) },
      readThings: { parameters: query("follow"), ...answering(page) },
      tailThings: answering(THING, "application/x-ndjson"),
      printThings: answering({ type: "string" }, "text/plain"),
      downloadThing: answering({ type: "string" }, "application/octet-stream"),
      uploadThing: {
        requestBody: { description: "The file.", content: { "application/octet-stream": { schema: {} } } },
        ...answering(THING),
      },
    }),
  );
  expect(text).toContain("this.#transport.lines(OPERATIONS.readThings, { follow: true }, options)");
  expect(text).toContain("this.#transport.octets(OPERATIONS.downloadThing, {}, options)");
  expect(text).toContain("octets: true }");
  expect(text).toContain("  /** The file. */\n  readonly body: Uint8Array<ArrayBuffer>;\n");
  expect(text.match(/^ {2}\w+\(.*\{$/gm)?.filter((line) => !line.includes("constructor"))).toEqual([
    "  list(parameters: ListThingsParameters = {}, options: CallOptions = {}): Promise<{",
    "  listAll(parameters: ListThingsParameters = {}, options: CallOptions = {}): AsyncGenerator<Thing, void, undefined> {",
    "  read(options: CallOptions = {}): Promise<{",
    "  follow(options: CallOptions = {}): AsyncGenerator<Thing, void, undefined> {",
    "  tail(options: CallOptions = {}): AsyncGenerator<Thing, void, undefined> {",
    "  print(options: CallOptions = {}): Promise<string> {",
    "  download(options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {",
    "  upload(parameters: UploadThingParameters, options: CallOptions = {}): Promise<Thing> {",
  ]);
});

test("what no method can be made of is an error, and not left out", () => {
  expect(() => clientText(documentOf({ x: {} }))).toThrow("x does not say what it answers");
  expect(() => clientText(documentOf({ x: { requestBody: { content: { "text/plain": {} } } } }))).toThrow(
    "something else than JSON",
  );
  expect(() => clientText(documentOf({ x: { tags: ["others"] } }))).toThrow("x has no tag");
  expect(() => clientText(documentOf({ listThing: answering(THING), listThings: answering(THING) }))).toThrow(
    "Two methods of things are named list",
  );
});
