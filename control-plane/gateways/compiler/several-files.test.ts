/** Descriptions with awkward names, and with schemas in files that they share. */
import { describe, expect, test } from "bun:test";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { type CompileOptions, compileGateway } from "./compile-gateway.ts";
import { diffPlans } from "./diff-plans.ts";

function compile(files: Readonly<Record<string, string>>, more: Partial<CompileOptions> = {}) {
  return compileGateway({
    files: Object.keys(files).filter((name) => name !== "shared.yaml"),
    read: (path) => (Object.hasOwn(files, path) ? Buffer.from(files[path]!) : undefined),
    provenance: { compiler: "1" },
    upstream: "https://upstream.example",
    ...more,
  });
}

const description = (path: string, schema: string, version = "3.1.0"): string => `openapi: ${version}
info: {title: Pets, version: "1"}
paths:
  ${JSON.stringify(path)}:
    get:
      parameters: [{name: q, in: query, schema: ${schema}}]
      responses: {"200": {description: ok}}
`;
const SHARED = '{$ref: "shared.yaml#/Kind"}';

describe("files", () => {
  test.each([".github/api.yaml", `${"folder/".repeat(30)}api.yaml`, "my pets.yaml"])("%s is compiled", (file) => {
    const { artifact, diagnostics } = compile({ [file]: description("/a", "{type: string}") });
    expect(diagnostics).toEqual([]);
    expect(openGatewayArtifact(artifact!.bytes).specs.size).toBe(1);
  });

  test("with almost the same name are both in the artifact", () => {
    const one = description("/a", "{type: string}");
    const two = description("/b", "{type: string}");
    const { specs } = openGatewayArtifact(compile({ "a b.yaml": one, "a_b.yaml": two }).artifact!.bytes);
    expect([...specs.values()].map((bytes) => Buffer.from(bytes).toString()).sort()).toEqual([one, two].sort());
  });

  test("that are handed over with an address are in it too", () => {
    const given = new Map([["https://schemas.example/kinds.yaml", "Kind: {type: integer}"]]);
    const text = description("/a", '{$ref: "https://schemas.example/kinds.yaml#/Kind"}');
    const { artifact, plan } = compile({ "api.yaml": text }, { given });
    expect(plan?.operations[0]?.parameters[0]?.shape).toEqual({ kind: "scalar", types: ["integer"] });
    expect(openGatewayArtifact(artifact!.bytes).specs.size).toBe(2);
  });
});

describe("a file of schemas that two descriptions share", () => {
  const files = (left: string, right: string) => ({
    "a.yaml": description("/a", SHARED, left),
    "b.yaml": description("/b", SHARED, right),
    "shared.yaml": "Kind: {type: string, nullable: true}\n",
  });

  test("is refused when it means one thing in one and another in the other", () => {
    const { artifact, diagnostics } = compile(files("3.0.3", "3.1.0"));
    expect(artifact).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "E1004", file: "shared.yaml", line: 1 }]);
  });

  test("is taken once when it means the same in both", () => {
    expect(compile(files("3.0.3", "3.0.1")).plan?.schemas).toHaveLength(3);
    expect(compile(files("3.1.0", "3.2.0")).plan?.schemas).toHaveLength(3);
  });
});

describe("configurations", () => {
  const dispatch = (config: string) => `openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /a:
    get:
      x-biplane-dispatch: {name: proxy, config: ${config}}
      responses: {"200": {description: ok}}
`;
  const declarations: CompileOptions["declarations"] = new Map([
    [
      "proxy",
      {
        name: "proxy",
        kind: "dispatcher",
        summary: "",
        urls: ["url"],
        config: {
          type: "object",
          properties: { url: { type: "string" }, key: { type: "string", minLength: 20, writeOnly: true }, more: {} },
        },
      },
    ],
  ]);
  const codes = (config: string) =>
    compile({ "api.yaml": dispatch(config) }, { declarations }).diagnostics.map(({ code }) => code);

  test.each(["http://a", "HTTP://a", "http:a", "' http://a'", '"h\\tttp://a"', "ws://a"])(
    "the address %s is one without TLS, as parsers of URLs read it",
    (url) => {
      expect(codes(`{url: ${url}}`)).toEqual(["E1031"]);
    },
  );

  test.each(["file://key", "'${env://KEY'", "'env://'"])("%s is no reference to a secret", (key) => {
    expect(codes(`{key: ${key}}`)).toEqual(["E1023"]);
  });

  test.each(["env://KEY", "file:///key", "'Bearer ${env://KEY}'"])("%s is one", (key) => {
    expect(codes(`{key: ${key}}`)).toEqual([]);
  });

  test("keep members whatever they are called", () => {
    const { plan } = compile({ "api.yaml": dispatch("{__proto__: {a: 1}, more: {b: 1}}") }, { declarations });
    expect(Object.keys(plan!.plugins[0]!.config)).toContain("__proto__");
  });
});

describe("differences", () => {
  const changes = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) =>
    diffPlans(compile(before).plan!, compile(after).plan!).map(({ kind, message }) => `${kind}: ${message}`);

  test("are seen in files that schemas refer to", () => {
    const files = (schema: string) => ({ "a.yaml": description("/a", SHARED), "shared.yaml": `Kind: ${schema}\n` });
    expect(changes(files("{type: string}"), files("{type: string}"))).toEqual([]);
    expect(changes(files("{type: string}"), files("{type: integer}"))).toEqual([
      'breaking: GET /a takes no string any more as the value, in the query parameter "q"',
    ]);
    expect(changes(files("{type: string}"), files("{type: string, maxLength: 5}"))).toEqual([
      'unclear: GET /a describes the query parameter "q" by another schema',
    ]);
  });

  test.each(["/a%20b", "/100%25", "/a~b"])("are seen below the path %s", (path) => {
    const files = (schema: string) => ({ "a.yaml": description(path, schema) });
    expect(changes(files("{enum: [a, b]}"), files("{enum: [a]}"))).toEqual([
      `breaking: GET ${path} takes "b" no more as the value, in the query parameter "q"`,
    ]);
  });
});
