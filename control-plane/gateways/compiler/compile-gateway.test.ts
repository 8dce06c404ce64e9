import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { openGatewayArtifact, type PluginDeclaration } from "#foundation/gateway-artifact";
import { ArchiveError } from "#foundation/sealed-archive";
import { type CompileOptions, compileGateway } from "./compile-gateway.ts";
import { diffPlans } from "./diff-plans.ts";
import { sarifOf } from "./sarif.ts";

const object = (properties: object, more: object = {}) =>
  ({ type: "object", additionalProperties: false, properties, ...more }) as never;

const DECLARATIONS: ReadonlyMap<string, PluginDeclaration> = new Map(
  (
    [
      {
        name: "http-upstream",
        kind: "dispatcher",
        summary: "",
        config: object(
          { url: { type: "string", format: "uri" }, timeout: { type: "number", default: 30 } },
          { required: ["url"] },
        ),
        urls: ["url"],
      },
      { name: "mock", kind: "dispatcher", summary: "", config: object({ status: { type: "integer", default: 200 } }) },
      {
        name: "key-auth",
        kind: "middleware",
        phase: "admission",
        summary: "",
        enforces: ["apiKey"],
        config: object({
          keys: {
            type: "array",
            items: object({ key: { type: "string", minLength: 20, writeOnly: true } }, { required: ["key"] }),
          },
        }),
        check: ({ keys }) =>
          Array.isArray(keys) && keys.length === 0 ? [{ pointer: "/keys", message: "Nobody could come in." }] : [],
      },
    ] as const satisfies readonly PluginDeclaration[]
  ).map((one) => [one.name, one]),
);

const HEAD = `openapi: 3.1.0
info: {title: Pets, version: "1"}
`;

function compile(files: Readonly<Record<string, string>>, more: Partial<CompileOptions> = {}) {
  return compileGateway({
    files: Object.keys(files).filter((name) => !name.includes("shared")),
    read: (path) => (Object.hasOwn(files, path) ? Buffer.from(files[path]!) : undefined),
    provenance: { compiler: "1.2.3" },
    declarations: DECLARATIONS,
    ...more,
  });
}

const told = (text: string, more?: Partial<CompileOptions>) =>
  compile({ "api.yaml": HEAD + text }, more).diagnostics.map(
    ({ code, level, line, message }) => `${line} ${level} ${code}: ${message}`,
  );

const GOOD = `${HEAD}paths:
  /pets/{id}:
    get:
      operationId: pet
      x-biplane-dispatch: {name: mock}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: tags, in: query, schema: {$ref: "#/components/schemas/Tags"}}
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
    post:
      x-biplane-dispatch: {name: http-upstream, config: {url: "https://pets.internal"}}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {age: {type: integer}, tags: {$ref: "#/components/schemas/Tags"}}}
      responses: {default: {description: ok}}
components:
  schemas:
    Tags: {type: array, items: {type: string}}
`;

describe("a description without faults", () => {
  test("becomes a plan with shapes, schemas and defaults", () => {
    const { plan, diagnostics } = compile({ "api.yaml": GOOD });
    expect(diagnostics).toEqual([]);
    expect(plan?.operations.map(({ id }) => id)).toEqual(["GET /pets/{id}", "POST /pets/{id}"]);
    expect(plan?.operations[0]?.parameters).toMatchObject([
      { name: "id", shape: { kind: "scalar", types: ["integer"] }, schema: { document: 0 } },
      { name: "tags", shape: { kind: "array", items: ["string"] } },
    ]);
    expect(plan?.operations[1]?.requestBody?.content[0]?.shape).toEqual({
      kind: "object",
      properties: { age: { kind: "scalar", types: ["integer"] }, tags: { kind: "array", items: ["string"] } },
      others: { kind: "scalar", types: [] },
    });
    expect(plan?.plugins).toEqual([
      { kind: "dispatcher", name: "mock", config: { status: 200 } },
      { kind: "dispatcher", name: "http-upstream", config: { url: "https://pets.internal", timeout: 30 } },
    ]);
  });

  test("becomes the same bytes, however its files are named", () => {
    const other = GOOD.replaceAll("/pets", "/dogs").replace("operationId: pet", "operationId: dog");
    const files = { "a.yaml": GOOD, "b.yaml": other };
    const one = compile(files).artifact!;
    const two = compile(files, { files: ["b.yaml", "a.yaml"] }).artifact!;
    expect(Buffer.from(one.bytes).equals(two.bytes)).toBe(true);
    expect(openGatewayArtifact(one.bytes).specs.get("a.yaml")?.length).toBe(Buffer.byteLength(GOOD));
  });

  test("is signed, and nothing of it can be changed", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { bytes } = compile({ "api.yaml": GOOD }, { signingKeys: [privateKey] }).artifact!;
    expect(openGatewayArtifact(bytes, { trustedKeys: [publicKey] }).signedBy).toHaveLength(1);
    const other = generateKeyPairSync("ed25519").publicKey;
    expect(() => openGatewayArtifact(bytes, { trustedKeys: [other] })).toThrow(ArchiveError);
  });

  test("works with files that it refers to", () => {
    const { plan, diagnostics } = compile({
      "api.yaml": GOOD.replace("#/components/schemas/Tags", "shared.yaml#/Tags"),
      "shared.yaml": "Tags: {type: array, items: {$ref: '#/Tag'}}\nTag: {type: integer}\n",
    });
    expect(diagnostics).toEqual([]);
    expect(plan?.operations[0]?.parameters[1]?.shape).toEqual({ kind: "array", items: ["integer"] });
  });

  test("needs nothing but an upstream", () => {
    const text = `${HEAD}paths:
  /pets:
    get:
      security: [{key: []}]
      responses: {"200": {description: ok}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
`;
    const { plan, diagnostics } = compile({ "api.yaml": text }, { upstream: "https://pets.example" });
    expect(plan?.plugins[0]?.config.url).toBe("https://pets.example");
    expect(diagnostics).toMatchObject([{ code: "E1032", level: "note" }]);
  });
});

const operation = (lines: string): string => `paths:
  /pets:
    get:
      responses: {"200": {description: ok}}
${lines}`;

describe("faults are told where they are", () => {
  test.each([
    ["no dispatcher", operation(""), ["5 error E1020: The operation has no dispatch."]],
    [
      "a plugin that there is not",
      operation("      x-biplane-dispatch: {name: http-upstraem}\n"),
      ['7 error E1021: There is no dispatcher "http-upstraem".'],
    ],
    [
      "a plugin used as what it is not",
      operation("      x-biplane-dispatch: {name: mock}\n      x-biplane-middlewares:\n        - name: mock\n"),
      ["9 error E1024: mock is a dispatcher, and is used as a middleware."],
    ],
    [
      "a configuration that does not fit",
      operation("      x-biplane-dispatch:\n        name: mock\n        config:\n          status: many\n"),
      ["10 error E1023: status of mock must be a whole number."],
    ],
    [
      "what the declaration finds itself",
      operation(
        "      x-biplane-dispatch: {name: mock}\n      x-biplane-middlewares:\n        - name: key-auth\n          config: {keys: []}\n",
      ),
      ["10 error E1023: Nobody could come in."],
    ],
    [
      "an upstream without TLS",
      operation("      x-biplane-dispatch: {name: http-upstream, config: {url: 'http://a'}}\n"),
      ["7 error E1031: http-upstream would send requests in plain text."],
    ],
    [
      "a secret in plain text",
      operation(
        "      x-biplane-dispatch: {name: mock}\n      x-biplane-middlewares:\n        - name: key-auth\n          config:\n            keys:\n              - key: aaaaaaaaaaaaaaaaaaaaaaaaa\n",
      ),
      ["12 warning E1070: keys/0/key of key-auth is a secret in plain text."],
    ],
    [
      "security that nobody enforces",
      `${operation("      x-biplane-dispatch: {name: mock}\n      security: [{key: []}]\n")}components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}\n`,
      ["5 error E1032: GET /pets needs key, and no middleware asks for it."],
    ],
    [
      "a schema that cannot be used",
      operation(
        "      x-biplane-dispatch: {name: mock}\n      parameters:\n        - {name: a, in: query, schema: {type: string, pattern: '(a)\\1'}}\n",
      ),
      [expect.stringMatching(/^9 error E1004: The schema cannot be used: /)],
    ],
  ] as const)("%s", (_, text, expected) => {
    expect(told(text)).toEqual(expected as never);
  });

  test("a secret that is referred to is taken for one that fits", () => {
    const uses =
      "      x-biplane-dispatch: {name: mock}\n      x-biplane-middlewares:\n        - {name: key-auth, config: {keys: [{key: 'env://A'}]}}\n";
    expect(told(operation(uses))).toEqual([]);
  });

  test("all of them in one run, for people and for tools", () => {
    const { diagnostics, artifact } = compile({
      "api.yaml": HEAD + operation("      x-biplane-middlewares: [{name: none}]\n"),
    });
    expect(artifact).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(["E1020", "E1021"]);
    expect(sarifOf(diagnostics, "1")).toMatchObject({
      version: "2.1.0",
      runs: [{ results: [{ ruleId: "E1020", level: "error" }, { ruleId: "E1021" }] }],
    });
  });
});

describe("what is different for callers", () => {
  const planOf = (text: string) => compile({ "api.yaml": text }).plan!;
  const changes = (text: string) =>
    diffPlans(planOf(GOOD), planOf(text)).map(({ kind, message }) => `${kind}: ${message}`);

  test("nothing, when only names of the path's parameters are others", () => {
    expect(changes(GOOD.replaceAll("{id}", "{pet}").replaceAll("name: id", "name: pet"))).toEqual([]);
  });

  test("operations, parameters, bodies, schemas", () => {
    expect(changes(GOOD.replace("    post:", "    put:"))).toEqual([
      "breaking: POST /pets/{id} is not there any more",
      "compatible: PUT /pets/{id} is new",
    ]);
    expect(changes(GOOD.replace("name: tags, in: query", "name: tags, required: true, in: query"))).toEqual([
      'breaking: GET /pets/{id} needs the query parameter "tags" now',
    ]);
    expect(changes(GOOD.replace("Tags: {type: array", "Tags: {maxItems: 2, type: array"))).toEqual([
      'unclear: GET /pets/{id} describes the query parameter "tags" by another schema',
      "unclear: POST /pets/{id} describes what it takes as application/x-www-form-urlencoded by another schema",
    ]);
  });
});
