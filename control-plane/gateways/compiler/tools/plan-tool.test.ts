import { expect, test } from "bun:test";
import type { PlannedTool } from "#foundation/gateway-artifact";
import { compileGateway } from "../compile-gateway.ts";

/** Tools of a description, by name. */
function toolsOf(paths: string, version = "3.1.0", rest = ""): ReadonlyMap<string, PlannedTool> {
  const text = `openapi: ${version}\ninfo: {title: A, version: "1"}\nx-barbacane-mcp: {enabled: true}\npaths:\n${paths}${rest}`;
  const { plan, diagnostics } = compileGateway({
    files: ["a.yaml"],
    read: () => Buffer.from(text),
    upstream: "https://up.example",
    provenance: { compiler: "test" },
  });
  if (plan === undefined) throw new Error(JSON.stringify(diagnostics));
  return new Map(plan.operations.flatMap(({ tool }) => (tool === undefined ? [] : [[tool.name, tool] as const])));
}

const get = (id: string, more: string): string =>
  `  /${id}:\n    get:\n      operationId: ${JSON.stringify(id)}\n      summary: s\n${more}`;
const OK = '      responses: {"200": {description: ok}}\n';

test("schemas of OpenAPI 3.0 become those of 2020-12", () => {
  const parameters = `      parameters:
        - {name: a, in: query, schema: {type: integer, nullable: true, minimum: 1, exclusiveMinimum: true, example: 2}}
        - {name: b, in: query, schema: {type: integer, format: int64, maximum: 9, exclusiveMaximum: false}}
`;
  const tool = toolsOf(get("x", parameters + OK), "3.0.3").get("x")!;
  expect(tool.inputSchema.properties).toEqual({
    a: { type: ["integer", "null"], exclusiveMinimum: 1 },
    b: { type: "integer", maximum: 9 },
  });
});

test("names that several parameters have, or the body has, say where they are", () => {
  const parameters = `      parameters:
        - {name: id, in: query, schema: {type: string}}
        - {name: id, in: header, schema: {type: string}}
        - {name: query_id, in: query, schema: {type: string}}
        - {name: "filter[a]", in: query, schema: {type: string}}
        - {name: body, in: query, schema: {type: string}}
        - {name: Authorization, in: header, schema: {type: string}}
        - {name: Host, in: header, schema: {type: string}}
      requestBody: {content: {text/plain: {}, application/json: {schema: {type: object}}}}
`;
  const tool = toolsOf(get("x", parameters + OK).replace("get:", "post:")).get("x")!;
  expect(Object.keys(tool.inputSchema.properties as object)).toEqual([
    "query_id_2",
    "header_id",
    "query_id",
    "filter_a_",
    "query_body",
    "body",
  ]);
  expect(tool.body).toEqual({ argument: "body", content: 1 });
});

test("an output is told when one response says that all went well, and its body is an object", () => {
  const body = (schema: string): string => `{description: ok, content: {application/json: {schema: ${schema}}}}`;
  const paths = [
    get("one", `      responses: {"200": ${body("{type: object}")}, "404": {description: no}}\n`),
    get("two", `      responses: {"200": ${body("{type: object}")}, "202": {description: later}}\n`),
    get("list", `      responses: {"200": ${body("{type: array}")}}\n`),
  ].join("");
  const tools = toolsOf(paths);
  expect([...tools].map(([name, { outputSchema }]) => [name, outputSchema])).toEqual([
    ["list", undefined],
    ["one", { type: "object" }],
    ["two", undefined],
  ]);
});

test("schemas that refer to themselves are told once, and those that are too large by their names alone", () => {
  const rest = `components:
  schemas:
    Node: {type: object, properties: {next: {$ref: "#/components/schemas/Node"}}}
    Large: {type: string, description: much, enum: [${Array.from({ length: 9000 }, (_, i) => `value-${i}`).join(", ")}]}
`;
  const use = (name: string): string =>
    `      parameters: [{name: p, in: query, content: {application/json: {schema: {$ref: "#/components/schemas/${name}"}}}}]\n`;
  const tools = toolsOf(get("node", use("Node") + OK) + get("large", use("Large") + OK), "3.1.0", rest);
  expect(tools.get("node")!.inputSchema).toMatchObject({
    properties: { p: { $ref: "#/$defs/Node" } },
    $defs: { Node: { properties: { next: { $ref: "#/$defs/Node" } } } },
  });
  expect(tools.get("large")!.inputSchema).toEqual({
    type: "object",
    properties: { p: {} },
    additionalProperties: false,
  });
});

test("names are those that the protocol allows, each of one tool", () => {
  const tools = toolsOf(get("a b", OK) + get("a_b", OK) + get(`${"n".repeat(140)}`, OK));
  expect([...tools.keys()]).toEqual(["a_b", "a_b_2", "n".repeat(128)]);
});
