import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadApiDescriptions } from "../load.ts";
import { load, openapi, told } from "../test-descriptions.ts";
import { directoryReader } from "./directory-reader.ts";

const get = (lines: string, rest = "", version = "3.1.0"): string =>
  openapi(`  /a:\n    get:\n${lines}`, rest, version);

describe("a reference", () => {
  test("leads to other files, from there to others, relative to each; problems are told where they are", () => {
    const files = {
      "specs/api.yaml": openapi("  /a:\n    $ref: ../paths/a.yaml#/item\n"),
      "paths/a.yaml":
        "item:\n  get:\n    parameters: [{$ref: 'shared/p%20q.json'}]\n    responses: {default: {$ref: '#/none'}}\n",
      "paths/shared/p q.json":
        '{"name": "p", "in": "query",\n "schema": {"$ref": "../../schemas.yaml#/definitions/P"}}',
      "schemas.yaml": "definitions:\n  P: {type: integer, items: {$ref: '#/definitions/Q'}}\n",
    };
    const { descriptions, documents } = load(files);
    expect(told(files)).toEqual([
      'paths/a.yaml:4:33 E1003 "#/none" leads nowhere: paths/a.yaml has no "none".',
      `schemas.yaml:2:36 E1003 "#/definitions/Q" leads nowhere: schemas.yaml#/definitions has no "Q".`,
    ]);
    expect(descriptions[0]!.operations[0]!.parameters[0]).toMatchObject({
      name: "p",
      at: { document: { file: "paths/shared/p q.json" } },
    });
    expect(documents.map(({ file }) => file)).toEqual(Object.keys(files));
    const schemas = descriptions[0]!.schemaDocuments.map(({ uri, schemasAt }) => `${uri} ${schemasAt}`);
    expect(schemas).toEqual(["file:///paths/shared/p%20q.json /schema", "file:///schemas.yaml /definitions/P"]);
  });

  test("is followed in every place that may have one", () => {
    const lines = `      parameters: [{$ref: '#/x/1'}]
      requestBody: {$ref: '#/x/2'}
      callbacks: {a: {$ref: '#/x/3'}}
      responses:
        '200': {$ref: '#/x/4'}
        '201':
          description: ''
          headers: {A: {$ref: '#/x/5'}}
          links: {a: {$ref: '#/x/6'}}
          content: {a/b: {examples: {a: {$ref: '#/x/7'}}, schema: {not: {$ref: '#/x/8'}}}}
`;
    const rest = `components:
  parameters: {A: {$ref: '#/x/9'}}
  schemas: {A: {discriminator: {propertyName: a, mapping: {a: '#/x/10', b: B, c: A}}}}
  securitySchemes: {A: {$ref: '#/x/11'}}
`;
    const places = told({ a: get(lines, rest) }).filter((line) => line.includes("E1003"));
    const nowhere = places.map((line) => /"([^"]*)" leads nowhere/.exec(line)?.[1]);
    expect(nowhere).toEqual([..."123456789"].map((n) => `#/x/${n}`).concat("#/x/10", "#/x/11"));
    expect(told({ a: get(lines, rest) }).filter((line) => !line.includes("E1003"))).toEqual([
      "8:7 W1010 Callbacks do not come through the gateway: they are not used.",
      "19:76 E1000 There is no file B.",
    ]);
  });

  test("escapes slashes and tildes, and is percent-encoded", () => {
    const rest = "components:\n  schemas:\n    'a/b~c d': {}\n    'ä%': {}\n";
    const schema = (ref: string): string =>
      get(`      responses: {default: {description: '', content: {a/b: {schema: {$ref: '${ref}'}}}}}\n`, rest);
    expect(told({ a: schema("#/components/schemas/a~1b~0c%20d") })).toEqual([]);
    expect(told({ a: schema("#/components/schemas/%C3%A4%25") })).toEqual([]);
    expect(told({ a: schema("#/components/schemas/a/b") })[0]).toContain('has no "a".');
    expect(told({ a: schema("#/components/schemas/~2") })[0]).toContain("its fragment is no JSON Pointer.");
    expect(told({ a: schema("#/components/schemas/%") })[0]).toContain("its fragment is no JSON Pointer.");
    expect(load({ a: schema("#/components/schemas/a~1b~0c%20e") }).diagnostics[0]).toMatchObject({
      hint: 'Did you mean "a/b~c d"?',
      pointer: "/paths/~1a/get/responses/default/content/a~1b/schema/$ref",
    });
  });

  test("does not go through another reference", () => {
    const rest =
      "components:\n  parameters: {A: {$ref: '#/components/parameters/B'}, B: {name: b, in: query, schema: {}}}\n";
    const text = get("      parameters: [{$ref: '#/components/parameters/A'}]\n      responses: {}\n", rest);
    expect(load({ a: text }).descriptions[0]!.operations[0]!.parameters[0]!.name).toBe("b");
    expect(told({ a: text.replace("parameters/A'}]", "parameters/A/schema'}]") })[0]).toContain(
      "is itself a reference",
    );
  });

  test("may lead in circles in schemas only", () => {
    const rest = `components:
  parameters:
    A: {$ref: '#/components/parameters/B'}
    B: {$ref: '#/components/parameters/A'}
  schemas:
    Tree: {type: object, properties: {left: {$ref: '#/components/schemas/Tree'}}}
    Loop: {$ref: '#/components/schemas/Pool'}
    Pool: {allOf: [{type: object}, {$ref: '#/components/schemas/Loop'}]}
`;
    expect(told({ a: openapi("  {}", rest) })).toEqual([
      "8:15 E1007 This reference leads back to itself.",
      "11:18 E1007 This schema is part of itself without going one level into the data.",
    ]);
  });

  test("is never fetched, and never leads out of the folder", () => {
    const refused = (ref: string): string | undefined =>
      told({ "s/a.yaml": get(`      parameters: [{$ref: '${ref}'}]\n      responses: {}\n`) })[0];
    expect(refused("https://example.com/p.yaml#/A")).toBe("6:27 E1008 https://example.com/p.yaml was not given.");
    for (const ref of [
      "../../p.yaml",
      "x/../../../p.yaml",
      "%2e%2e/%2e%2e/p.yaml",
      "/etc/passwd",
      "file:///etc/passwd",
      "..%2Fp.yaml",
      "..\\..\\p.yaml",
      "//host/p.yaml",
    ]) {
      expect(refused(ref)).toStartWith(`6:27 E1008 ${JSON.stringify(ref)} cannot be followed: `);
    }
    expect(refused("p.yaml?a=b")).toContain("E1003");
    expect(refused("%.yaml")).toContain("E1003");
    expect(refused("p.yaml")).toBe("6:27 E1000 There is no file s/p.yaml.");
    expect(told({ "../a.yaml": "" })).toEqual([
      "1:1 E1008 ../a.yaml is not read: it leads out of the folder that is read.",
    ]);
  });

  test("leads to documents that are given with their addresses", () => {
    const given = new Map([["https://example.com/p.yaml", "A: {name: given, in: query, schema: {$ref: 's.yaml#/S'}}"]]);
    const text = get("      parameters: [{$ref: 'https://example.com/p.yaml#/A'}]\n      responses: {}\n");
    expect(load({ a: text }, { given }).descriptions[0]!.operations[0]!.parameters[0]!.name).toBe("given");
    expect(told({ a: text }, { given })).toEqual([
      "https://example.com/p.yaml:1:44 E1008 https://example.com/s.yaml was not given.",
    ]);
  });

  test("that is not text, or has fields beside it", () => {
    const text = get(
      "      parameters: [{$ref: 0}, {$ref: '#/components/parameters/A', name: x}]\n      responses: {}\n",
      "components: {parameters: {A: {name: a, in: query, schema: {}}}}\n",
    );
    expect(told({ a: text })).toEqual([
      "6:27 E1003 A reference is text, not a number.",
      '6:31 W1013 Beside $ref, "name" is ignored.',
    ]);
  });

  test("problems in a shared component are told once", () => {
    const rest = "components:\n  parameters:\n    A: {name: a, in: query}\n";
    const operation = "{parameters: [{$ref: '#/components/parameters/A'}], responses: {}}";
    expect(
      told({ a: openapi(`  /a: {get: ${operation}, put: ${operation}}\n  /b: {get: ${operation}}\n`, rest) }),
    ).toEqual(["9:5 E1004 A parameter needs a schema, or content."]);
  });

  test("a file that cannot be read says why, and a broken one is told once", () => {
    const text = get("      parameters: [{$ref: 'b.yaml#/A'}, {$ref: 'b.yaml#/B'}]\n      responses: {}\n");
    expect(told({ a: text, "b.yaml": "A: [\n" })).toHaveLength(1);
    const read = (path: string): string => {
      if (path === "a") return text;
      throw new Error("permission denied");
    };
    expect(loadApiDescriptions({ files: ["a"], read, withoutDispatch: "off" }).diagnostics[0]).toMatchObject({
      code: "E1000",
      message: "b.yaml cannot be read: permission denied",
      line: 6,
    });
  });
});

describe("path items with a reference", () => {
  const shared = "item:\n  get: {responses: {}}\n  parameters: [{name: p, in: query, schema: {}}]\n";

  test("may have other fields beside it, not the same", () => {
    const text = openapi("  /a:\n    $ref: b.yaml#/item\n    put: {responses: {}}\n");
    const operations = load({ a: text, "b.yaml": shared }).descriptions[0]!.operations;
    expect(operations.map(({ method, parameters }) => `${method} ${parameters[0]!.name}`)).toEqual(["GET p", "PUT p"]);
    expect(told({ a: text.replace("put:", "get:"), "b.yaml": shared })).toEqual([
      '6:5 E1004 "get" is also in what $ref leads to, and it is open which one is meant.',
    ]);
  });
});

describe("schemas with addresses", () => {
  test("references are relative to $id, anchors are found in their resource", () => {
    const rest = `components:
  schemas:
    A: {$id: 'https://example.com/a.json', $defs: {X: {$anchor: x}}, allOf: [{$ref: '#x'}, {$ref: '#/$defs/X'}, {$ref: b.json}, {$ref: c.json}]}
    B: {$id: 'https://example.com/b.json', $ref: 'a.json#/$defs/Y'}
`;
    const codes = load({ a: openapi("  {}", rest) }).diagnostics.map(({ code, message }) => `${code} ${message}`);
    expect(codes).toEqual([
      "E1008 https://example.com/c.json was not given.",
      'E1003 "a.json#/$defs/Y" leads nowhere: a#/components/schemas/A/$defs has no "Y".',
    ]);
  });

  test("an anchor in a file of schemas, and a file that says its own address", () => {
    const rest =
      "components: {schemas: {A: {anyOf: [{$ref: 'b.yaml#here'}, {$ref: 'b.yaml#there'}, {$ref: 'https://example.com/b'}]}}}\n";
    const files = { a: openapi("  {}", rest), "b.yaml": "$id: https://example.com/b\n$defs: {X: {$anchor: here}}\n" };
    expect(load(files).diagnostics.map(({ message }) => message)).toEqual([
      '"b.yaml#there" leads nowhere: there is no such anchor.',
    ]);
  });

  test("$self is what references are relative to in OpenAPI 3.2", () => {
    const text = `$self: https://example.com/api\n${openapi("  {}", "components: {schemas: {A: {$ref: 'https://example.com/api#/components/schemas/B'}, B: {}}}\n", "3.2.0")}`;
    expect(told({ a: text })).toEqual([]);
    expect(load({ a: text }).descriptions[0]!.schemaDocuments[0]!.uri).toBe("https://example.com/api");
  });

  test("what looks like a reference in data is none", () => {
    const rest =
      "components: {schemas: {A: {default: {$ref: x}, enum: [{$ref: x}], const: {$ref: x}, properties: {$ref: {type: string}}, examples: [{$ref: x}]}}}\n";
    expect(told({ a: openapi("  {}", rest) })).toEqual([]);
  });

  test("in OpenAPI 3.0 nothing beside a reference counts, and true is no schema", () => {
    const rest =
      "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B', nullable: true, description: x}\n    B: {additionalProperties: true, items: true}\n    C: {items: [{}]}\n    D: {properties: []}\n";
    expect(told({ a: openapi("  {}", rest, "3.0.3") })).toEqual([
      "7:5 W1013 Beside $ref, nullable is ignored in OpenAPI 3.0.",
      "8:44 E1004 A schema is an object, not true or false.",
      "9:9 E1004 items holds one schema, not a list.",
      "10:21 E1004 properties is an object with schemas in it.",
    ]);
    expect(told({ a: openapi("  {}", "components: {schemas: {B: {items: true}}}\n") })).toEqual([]);
  });

  test("limits on depth and on properties", () => {
    const deep = `${"{items: ".repeat(5)}{}${"}".repeat(5)}`;
    const text = openapi(
      "  {}",
      `components:\n  schemas:\n    A: ${deep}\n    B: {properties: {a: {}, b: {}, c: {}}}\n`,
    );
    expect(told({ a: text }, { schemaLimits: { depthMax: 4, propertiesMax: 2 } })).toEqual([
      "7:41 E1051 Schemas nest more than 4 levels deep here.",
      "8:9 E1052 3 properties are more than 2.",
    ]);
  });
});

describe("a folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "descriptions-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is read from, and no link leads out of it", () => {
    mkdirSync(join(folder, "inside"));
    writeFileSync(join(folder, "secret.yaml"), "A: 1\n");
    writeFileSync(join(folder, "inside/a.yaml"), "B: 1\n");
    symlinkSync("../secret.yaml", join(folder, "inside/link.yaml"));
    symlinkSync("a.yaml", join(folder, "inside/fine.yaml"));
    const read = directoryReader(join(folder, "inside"));
    expect(String(read("a.yaml"))).toBe("B: 1\n");
    expect(String(read("fine.yaml"))).toBe("B: 1\n");
    expect(read("none.yaml")).toBeUndefined();
    expect(() => read("link.yaml")).toThrow("it is a link out of the folder");
    expect(() => read("../secret.yaml")).toThrow("it is a link out of the folder");
  });
});

describe("components that refer to each other", () => {
  test("a header may not lead back to itself through the encoding of its content", () => {
    const content = "{content: {a/b: {encoding: {p: {headers: {X: {$ref: '#/components/headers/H'}}}}}}}";
    const rest = `components:\n  headers:\n    H: ${content}\n`;
    const text = get(
      "      responses: {default: {description: '', headers: {X: {$ref: '#/components/headers/H'}}}}\n",
      rest,
    );
    expect(told({ a: text })).toEqual(["10:5 E1007 This leads back to itself."]);
  });

  test("long chains of them are no matter of the stack", () => {
    const count = 20_000;
    const chain = (one: (next: string, index: number) => string): string =>
      Array.from({ length: count }, (_, index) => `    C${index}: ${one(`C${(index + 1) % count}`, index)}\n`).join("");
    const items = chain(
      (next) => `{get: {responses: {}, callbacks: {a: {x: {$ref: '#/components/pathItems/${next}'}}}}}`,
    );
    expect(load({ a: openapi("  {}", `components:\n  pathItems:\n${items}`) }).hasErrors).toBe(false);
    const headers = chain(
      (next) => `{content: {a/b: {encoding: {p: {headers: {X: {$ref: '#/components/headers/${next}'}}}}}}}`,
    );
    const text = get(
      "      responses: {default: {description: '', headers: {X: {$ref: '#/components/headers/C0'}}}}\n",
      `components:\n  headers:\n${headers}`,
    );
    expect(load({ a: text }).diagnostics.map(({ code }) => code)).toEqual(["E1006"]);
    const schemas = chain((next) => `{properties: {a: {$ref: '#/components/schemas/${next}'}}}`);
    expect(told({ a: openapi("  {}", `components:\n  schemas:\n${schemas}`) })).toEqual([]);
    const parameters = chain((next) => `{$ref: '#/components/parameters/${next}'}`);
    expect(
      load({ a: openapi("  {}", `components:\n  parameters:\n${parameters}`) }).diagnostics.map(({ code }) => code),
    ).toEqual(["E1007"]);
  });

  test("many references that lead nowhere are told soon, with the names that are near for the first ones only", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `    Component${index}: {}\n`).join("");
    const refs = Array.from(
      { length: 900 },
      (_, index) => `    X${index}: {items: {$ref: '#/components/schemas/Componen${index}'}}\n`,
    ).join("");
    const { diagnostics } = load({ a: openapi("  {}", `components:\n  schemas:\n${names}${refs}`) });
    expect(diagnostics.filter(({ code }) => code === "E1003")).toHaveLength(900);
    expect(diagnostics.filter(({ hint }) => hint?.startsWith("Did you mean"))).toHaveLength(100);
  });
});
