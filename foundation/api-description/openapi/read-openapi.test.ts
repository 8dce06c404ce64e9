import { describe, expect, test } from "bun:test";
import type { Operation } from "../model.ts";
import { load, openapi, told } from "../test-descriptions.ts";

function operationsOf(text: string): readonly Operation[] {
  const { descriptions, diagnostics, hasErrors } = load({ "api.yaml": text });
  if (hasErrors) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return descriptions[0]!.operations;
}

/** `in name style explode required` */
const parametersOf = ({ parameters }: Operation): readonly string[] =>
  parameters.map((one) => `${one.in} ${one.name} ${one.style} ${one.explode} ${one.required}`);

describe("an OpenAPI document", () => {
  const TEXT = `openapi: 3.1.0
info: {title: Pets, version: 1.2.3, summary: All pets}
servers:
- url: https://{env}.example.com/v{major}/
  variables: {env: {default: api}, major: {default: '2'}}
tags: [{name: pets, description: Pets}]
security: [{key: []}]
paths:
  /pets/{id}:
    parameters:
    - {name: id, in: path, required: true, schema: {type: string}}
    - {name: X-Trace, in: header, schema: {type: string}}
    - $ref: '#/components/parameters/Page'
    get:
      operationId: getPet
      summary: One pet
      tags: [pets]
      deprecated: true
      x-sunset: '2027-01-01T00:00:00Z'
      parameters:
      - {name: id, in: path, required: true, schema: {type: integer}, style: label}
      - {name: x-trace, in: header, required: true, content: {application/json: {schema: {type: object}}}}
      responses:
        '200':
          description: ok
          headers: {ETag: {schema: {type: string}, required: true}, Content-Type: {schema: {}}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/Pet'}}
        4XX: {$ref: '#/components/responses/Problem'}
        default: {$ref: '#/components/responses/Problem'}
    put:
      security: []
      requestBody: {$ref: '#/components/requestBodies/Pet'}
      responses: {}
    delete:
      security: [{}, {key: [], oauth: [write]}]
      servers: [{url: /other}]
      responses: {}
components:
  parameters:
    Page: {name: page, in: query, schema: {type: array}, explode: false, allowEmptyValue: true}
  requestBodies:
    Pet:
      required: true
      content:
        multipart/form-data; boundary="x y":
          schema: {$ref: '#/components/schemas/Pet'}
          encoding: {photo: {contentType: image/png, headers: {X-A: {schema: {}}}}}
        'Application/*': {}
  responses: {Problem: {description: problem}}
  schemas: {Pet: {type: object}}
  securitySchemes:
    key: {type: apiKey, name: k, in: header}
    oauth: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://a', scopes: {write: w}}}}
`;

  test("has what is at its top", () => {
    const [description] = load({ "api.yaml": TEXT }).descriptions;
    expect(description).toMatchObject({
      file: "api.yaml",
      format: "openapi",
      version: "3.1.0",
      info: { title: "Pets", version: "1.2.3", summary: "All pets" },
      tags: [{ name: "pets", description: "Pets" }],
      servers: [{ defaultUrl: "https://api.example.com/v2/", basePath: "/v2" }],
    });
    expect(description!.securitySchemes.get("key")).toMatchObject({
      type: "apiKey",
      parameter: { name: "k", in: "header" },
    });
  });

  test("has operations with effective parameters: those of the operation override those of the path", () => {
    const [get, put] = operationsOf(TEXT);
    expect(get).toMatchObject({
      method: "GET",
      path: "/pets/{id}",
      operationId: "getPet",
      summary: "One pet",
      tags: ["pets"],
      deprecated: true,
      sunset: { text: "2027-01-01T00:00:00Z", time: 1798761600000 },
    });
    expect(parametersOf(get!)).toEqual([
      "query page form false false",
      "path id label false true",
      "header x-trace simple false true",
    ]);
    expect(get!.parameters[1]!.schema!.value).toEqual({ type: "integer" });
    expect(get!.parameters[0]!.allowEmptyValue).toBe(true);
    expect(get!.parameters[2]!.content!.mediaType).toBe("application/json");
    expect(parametersOf(put!)).toEqual([
      "path id simple false true",
      "header X-Trace simple false false",
      "query page form false false",
    ]);
  });

  test("has responses and bodies, references followed", () => {
    const [get, put] = operationsOf(TEXT);
    expect(get!.responses.map(({ status }) => status)).toEqual(["200", "4XX", "default"]);
    expect(get!.responses[0]!.headers.map(({ name, required }) => [name, required])).toEqual([["ETag", true]]);
    expect(get!.responses[1]).toMatchObject({
      description: "problem",
      at: { pointer: "/components/responses/Problem" },
    });
    expect(put!.requestBody!.required).toBe(true);
    const [form, any] = put!.requestBody!.content;
    expect(form).toMatchObject({ type: "multipart", subtype: "form-data" });
    expect([...form!.parameters]).toEqual([["boundary", "x y"]]);
    expect(form!.encoding.get("photo")).toMatchObject({
      contentType: "image/png",
      explode: true,
      headers: [{ name: "X-A" }],
    });
    expect(any).toMatchObject({ mediaType: "Application/*", type: "application", subtype: "*", schema: undefined });
  });

  test("has security: inherited, none, or alternatives", () => {
    const names = operationsOf(TEXT).map(({ security }) =>
      security?.map(({ requirements }) =>
        requirements.map(({ scheme, scopes }) => `${scheme.name}(${scopes})`).join(" and "),
      ),
    );
    expect(names).toEqual([["key()"], [], ["", "key() and oauth(write)"]]);
  });

  test("knows of each part where it is written", () => {
    const [get, , remove] = operationsOf(TEXT);
    const line = ({
      at,
    }: {
      at: { document: { positionOf(p: string, k: "key"): { line: number } }; pointer: string };
    }): number => at.document.positionOf(at.pointer, "key").line;
    expect([get!, get!.parameters[0]!, get!.parameters[1]!, get!.responses[0]!, remove!].map(line)).toEqual([
      14, 41, 21, 24, 35,
    ]);
    expect(remove!.servers).toMatchObject([{ url: "/other", basePath: "/other" }]);
  });

  test("has schema documents for a compiler", () => {
    const { schemaDocuments, operations } = load({ "api.yaml": TEXT }).descriptions[0]!;
    expect(schemaDocuments).toMatchObject([{ uri: "file:///api.yaml", dialect: "openapi-3.1" }]);
    expect(schemaDocuments[0]!.schemasAt).toContain("/components/schemas/Pet");
    expect(operations[0]!.responses[0]!.content[0]!.schema).toMatchObject({
      uri: "file:///api.yaml",
      pointer: "/paths/~1pets~1{id}/get/responses/200/content/application~1json/schema",
    });
  });
});

describe("what is refused in OpenAPI documents", () => {
  const get = (lines: string): string => openapi(`  /a:\n    get:\n${lines}`);

  test("versions", () => {
    expect(told({ a: "openapi: 3.0\n" })).toEqual(["1:10 E1001 OpenAPI 3.0, 3.1 and 3.2 are supported, not 3."]);
    expect(told({ a: "openapi: 3.3.0\n" })).toEqual([
      '1:10 E1001 OpenAPI 3.0, 3.1 and 3.2 are supported, not "3.3.0".',
    ]);
    expect(told({ a: "asyncapi: 2.6.0\n" })).toEqual(['1:11 E1001 AsyncAPI 3 are supported, not "2.6.0".']);
    expect(told({ a: "swagger: '2.0'\n" })).toEqual(["1:10 E1001 OpenAPI 2.0 (Swagger) is not supported."]);
    expect(told({ a: "- x\n" })).toEqual(["1:1 E1001 An API description is an object, not a list."]);
  });

  test("fields of the wrong type, with the place of the value; those without effect are warnings", () => {
    const text = get("      deprecated: 'yes'\n      parameters: {}\n      summary: 1\n      responses: {}\n");
    expect(told({ a: text })).toEqual([
      '6:19 E1004 "deprecated" is true or false, not text.',
      '7:7 E1004 "parameters" is a list, not an object.',
      '8:16 W1012 "summary" is text, not a number.',
    ]);
  });

  test("fields that look misspelt; others are warnings", () => {
    const text = get(
      "      requestbody: {}\n      colour: blue\n      responses: {'200': {description: x, Content: {}}}\n",
    );
    expect(told({ a: text })).toEqual([
      '6:7 E1009 An operation has no "requestbody".',
      '7:7 W1011 An operation has no "colour".',
      '8:43 E1009 A response has no "Content".',
    ]);
    expect(told({ a: openapi("  /a:\n    GET: {}\n") })).toEqual(['5:5 E1009 A path item has no "GET".']);
  });

  test("references where none may be: what they lead to would be lost", () => {
    const text = `${openapi("  /a/{id}:\n    get: {$ref: 'other.yaml#/get'}\n    put:\n      responses: {$ref: '#/x'}\n")}externalDocs: {$ref: '#/x'}\n`;
    expect(told({ a: text })).toEqual([
      "5:11 E1004 An operation cannot be a reference.",
      '6:5 E1056 {id} of "/a/{id}" is not declared.',
      "7:19 E1004 An object of responses cannot be a reference.",
      '7:19 E1004 "$ref" names no responses.',
      '9:1 W1012 External documentation needs "url".',
      "9:16 W1012 External documentation cannot be a reference.",
    ]);
  });

  test("keywords of schemas that stand beside schema", () => {
    const text = get("      requestBody: {content: {application/json: {type: object}}}\n      responses: {}\n");
    expect(told({ a: text.replace("get:", "post:") })).toEqual(['6:50 E1009 A media type has no "type".']);
  });

  test("fields of a later version are ignored with a warning, values are refused", () => {
    const text = openapi(
      "  /a:\n    query: {responses: {}}\n    get:\n      parameters: [{name: q, in: querystring, content: {a/b: {}}}]\n      responses: {}\n",
    );
    expect(told({ a: text })).toEqual([
      '5:5 W1011 "query" came with version 3.2, and this is OpenAPI 3.1: it is ignored.',
      "7:34 E1004 querystring came with OpenAPI 3.2.",
    ]);
    const methods = load({ a: text.replace("3.1.0", "3.2.0") }).descriptions[0]!.operations.map(({ method }) => method);
    expect(methods).toEqual(["GET", "QUERY"]);
  });

  test("additionalOperations have methods of their own", () => {
    const text = openapi(
      "  /a:\n    additionalOperations:\n      COPY: {responses: {}}\n      POST: {responses: {}}\n      'a b': {responses: {}}\n",
      "",
      "3.2.0",
    );
    expect(told({ a: text })).toEqual([
      '7:7 E1004 "POST" is written as post, beside additionalOperations.',
      '8:7 E1004 "a b" is no method.',
    ]);
  });

  test("parameters: twice, without a schema, with both, styles that do not go there, names that are none", () => {
    const text = get(`      parameters:
      - {name: a, in: query}
      - {name: b, in: query, schema: {}, content: {text/plain: {}}}
      - {name: c, in: header, schema: {}, style: form}
      - {name: C, in: header, schema: {}}
      - {name: 'd e', in: cookie, schema: {}}
      - {name: e, in: query, content: {}}
      - {name: Authorization, in: header, schema: {}}
      - {name: f, in: body, schema: {}}
      - {name: g, in: path, schema: {}}
      responses: {}
`);
    expect(told({ a: text })).toEqual([
      "7:9 E1004 A parameter needs a schema, or content.",
      "8:42 E1004 A parameter has a schema or content, not both.",
      "9:50 E1004 A parameter in header has the style simple, not form.",
      '10:9 E1053 The parameter "C" in header is there twice.',
      '11:16 E1004 "d e" is no name of a cookie.',
      "12:30 E1004 The content of a parameter is one media type, not 0.",
      "13:9 W1014 A parameter for the header Authorization is ignored.",
      '14:23 E1004 "in" is one of path, query, header, cookie, querystring, not "body".',
      "15:9 W1012 A parameter in the path is always required: it says required: true.",
      '15:9 E1056 "/a" has no {g}.',
    ]);
  });

  test("names in the path that are not declared, once for each operation", () => {
    expect(told({ a: openapi("  /a/{b}:\n    get: {responses: {}}\n    put: {responses: {}}\n") })).toEqual([
      '5:5 E1056 {b} of "/a/{b}" is not declared.',
      '6:5 E1056 {b} of "/a/{b}" is not declared.',
    ]);
  });

  test("responses and media types that are none", () => {
    const text = get(
      "      responses: {'2xx': {description: x}, '200': {description: x, content: {json: {}}}, x-y: 1}\n",
    );
    expect(told({ a: text })).toEqual(['6:19 E1004 "2xx" names no responses.', '6:78 E1004 "json" is no media type.']);
  });

  test("bodies: of methods that have none, and without any media type", () => {
    const text = openapi(
      "  /a:\n    get: {requestBody: {content: {'*/*': {}}}, responses: {}}\n    post: {requestBody: {content: {}}, responses: {}}\n    put: {requestBody: {}, responses: {}}\n",
    );
    expect(told({ a: text })).toEqual([
      "5:11 W1015 A body of GET has no meaning in HTTP.",
      "6:26 E1004 A body without any media type cannot be sent.",
      '7:11 E1004 A request body needs "content".',
    ]);
  });

  test("security that nobody could meet, schemes that lack something, schemes that nobody uses", () => {
    const schemes =
      "components:\n  securitySchemes:\n    key: {type: apiKey, name: k}\n    mtls: {type: mutualTLS}\nsecurity: [{kee: []}, {key: []}]\n";
    expect(told({ a: openapi("  /a: {get: {responses: {}}}", schemes, "3.0.3") })).toEqual([
      '7:5 E1004 A scheme of type apiKey needs "in".',
      '8:5 W1017 No operation asks for the security scheme "mtls".',
      "8:18 E1004 mutualTLS came with OpenAPI 3.1.",
      '9:13 E1033 There is no security scheme "kee".',
    ]);
  });

  test("servers", () => {
    const servers =
      "servers:\n- url: https://{a}.x/{b}\n  variables:\n    a: {default: c, enum: [d]}\n- description: none\n";
    expect(told({ a: openapi("  /a: {}", servers) })).toEqual([
      '6:8 W1012 The variable "b" is not declared.',
      '8:18 W1012 "c" is none of the values of "a".',
      '9:3 E1004 A server needs "url".',
    ]);
  });

  test("documents without paths", () => {
    expect(told({ a: "openapi: 3.0.3\ninfo: {title: a, version: b}\n" })).toEqual([
      '1:1 E1004 An OpenAPI document needs "paths".',
    ]);
    expect(told({ a: "openapi: 3.1.0\ninfo: {title: a, version: b}\nwebhooks: {}\n" })).toEqual([
      "3:1 W1010 Webhooks do not come through the gateway: they are not used.",
    ]);
  });

  test("callbacks are judged, and not used", () => {
    const text = get(
      "      responses: {}\n      callbacks: {done: {'{$request.body#/url}': {post: {parameters: {}}}}}\n",
    );
    expect(told({ a: text })).toEqual([
      "7:7 W1010 Callbacks do not come through the gateway: they are not used.",
      '7:58 E1004 "parameters" is a list, not an object.',
    ]);
  });

  test("dialects of schemas other than 2020-12", () => {
    const rest =
      "jsonSchemaDialect: http://json-schema.org/draft-07/schema#\ncomponents: {schemas: {A: {$schema: 'https://json-schema.org/draft/2020-12/schema'}}}\n";
    expect(told({ a: openapi("  {}", rest) })).toEqual([
      '5:20 E1004 Schemas are read as JSON Schema 2020-12, not as "http://json-schema.org/draft-07/schema#".',
    ]);
  });
});
