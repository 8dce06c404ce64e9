/** What holds for every text that is taken for a description. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { randomFrom } from "../../tests/support/random.ts";
import { runs } from "../../tests/support/runs.ts";
import { DIAGNOSTIC_CODES, type LoadedDescriptions, loadApiDescriptions, SourceDocument } from "./index.ts";
import { damaged } from "./source/damaged-text.ts";
import { isList, isObject, type Json, pointerStep } from "./source/json-value.ts";
import { SOURCE_LIMITS } from "./source/source-tree.ts";

const OPENAPI = `openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
servers: [{url: 'https://{a}.example.com/v1', variables: {a: {default: b}}}]
x-biplane-middlewares:
- name: jwt-auth
  config: {issuer: x}
x-biplane-mcp: {enabled: true}
security: [{key: [a]}]
paths:
  /pets/{id}.json:
    parameters: [{$ref: '#/components/parameters/Id'}]
    get:
      operationId: getPet
      deprecated: true
      x-sunset: '2027-01-01T00:00:00Z'
      x-barbacane-dispatch: {name: mock@1.0.0, config: {a: 1}}
      parameters:
      - {name: q, in: query, style: deepObject, explode: true, schema: {type: object}}
      responses:
        '200':
          description: |
            fine
          content: {application/json: {schema: {$ref: 'other.yaml#/Pet'}}}
          headers: {X-A: {schema: {type: string}}}
        default: {$ref: '#/components/responses/Problem'}
  /files/{path+}:
    $ref: 'other.yaml#/item'
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer}}
  responses: {Problem: {description: problem}}
  schemas:
    Tree: {$id: 'https://example.com/tree', $anchor: t, properties: {left: {$ref: '#t'}}, anyOf: [{type: object}]}
  securitySchemes: {key: {type: apiKey, name: k, in: header}}
`;

const ASYNCAPI = `asyncapi: 3.0.0
info: {title: Orders, version: '1'}
channels:
  a:
    address: a/{b}
    parameters: {b: {enum: [c]}}
    messages: {m: {payload: &p {type: object}}, n: {payload: *p}}
operations:
  send: {action: send, channel: {$ref: '#/channels/a'}, x-biplane-dispatch: {name: kafka}, traits: [{summary: s}]}
  receive: {action: receive, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/m'}], x-biplane-dispatch: {name: mock}}
`;

const OTHER = `Pet: {type: object, properties: {tree: {$ref: 'api.yaml#/components/schemas/Tree'}}}
item:
  parameters: [{name: path, in: path, required: true, schema: {type: string}}]
  put:
    requestBody: {required: true, content: {'text/*': {schema: {type: string}}}}
    responses: {}
    x-biplane-dispatch: {name: s3}
`;

function load(api: string, other = OTHER): LoadedDescriptions {
  const files = new Map([
    ["api.yaml", api],
    ["other.yaml", other],
  ]);
  return loadApiDescriptions({ files: ["api.yaml"], read: (path) => files.get(path) });
}

describe("every text", () => {
  test("that is not damaged is accepted", () => {
    expect(load(OPENAPI).diagnostics.map(({ level }) => level)).not.toContain("error");
    expect(load(ASYNCAPI).diagnostics).toEqual([]);
  });

  test("is read or refused, never thrown about; every problem is inside a file", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(OPENAPI, ASYNCAPI), fc.nat(), fc.boolean(), (text, seed, inOther) => {
        const changed = damaged(inOther ? OTHER : text, randomFrom(seed));
        const loaded = inOther ? load(text, changed) : load(changed);
        if (!loaded.hasErrors) accepted++;
        const lines = new Map(loaded.documents.map((document) => [document.file, document.text.split("\n")]));
        for (const { code, level, file, line, column, message, pointer } of loaded.diagnostics) {
          expect(DIAGNOSTIC_CODES[code]).toBeDefined();
          expect(message).toMatch(/\.$/);
          expect(["error", "warning", "note"]).toContain(level);
          const where = lines.get(file) ?? [""];
          expect(line).toBeLessThanOrEqual(where.length);
          expect(column).toBeLessThanOrEqual(where[line - 1]!.length + 1);
          expect(pointer === "" || pointer.startsWith("/")).toBe(true);
        }
      }),
      { numRuns: runs(300) },
    );
    expect(accepted).toBeGreaterThan(15);
  });

  test("with any value replaced by any other is read or refused", () => {
    const values: readonly Json[] = [
      null,
      true,
      7,
      "",
      "text",
      [],
      [null],
      {},
      { $ref: "#" },
      { $ref: 1 },
      { $ref: "#/x" },
      [[]],
    ];
    for (const text of [OPENAPI, ASYNCAPI, OTHER]) {
      const whole = SourceDocument.read("file:///a", "a", text, SOURCE_LIMITS).value!;
      for (const pointer of pointersOf(whole)) {
        for (const value of values) {
          const changed = JSON.stringify(replaced(whole, pointer.slice(1).split("/"), value));
          const loaded = text === OTHER ? load(OPENAPI, changed) : load(changed);
          expect(loaded.diagnostics.every(({ line }) => line >= 1)).toBe(true);
        }
      }
    }
  });

  test("gives the same twice", () => {
    const text = (loaded: LoadedDescriptions): string =>
      JSON.stringify(
        [
          loaded.diagnostics,
          loaded.descriptions.map(({ operations, schemaDocuments }) => [operations, schemaDocuments]),
        ],
        (key, value: unknown) => (key === "document" ? undefined : value instanceof Map ? [...value] : value),
      );
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const changed = damaged(OPENAPI, randomFrom(seed));
        expect(text(load(changed))).toBe(text(load(changed)));
      }),
      { numRuns: runs(50) },
    );
  });
});

describe("every value", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "a/b", "~", "", "<<", "200")), tie("value"), {
        maxKeys: 4,
      }),
    ),
  })).value;

  test("written as JSON is read back, and each position points at its text", () => {
    fc.assert(
      fc.property(
        json,
        fc.constantFrom(undefined, 1, 2, "\t"),
        fc.constantFrom("a.json", "a.yaml"),
        (value, indent, file) => {
          // YAML may read what is no object or list differently.
          const text = JSON.stringify({ top: value }, undefined, indent);
          const document = SourceDocument.read("file:///a", file, text, SOURCE_LIMITS);
          expect(document.problems).toEqual([]);
          expect(JSON.stringify(document.value)).toBe(JSON.stringify(JSON.parse(text)));
          const lines = text.split("\n");
          for (const pointer of pointersOf(document.value!)) {
            const at = document.positionOf(pointer);
            const rest = [lines[at.line - 1]!.slice(at.column - 1), ...lines.slice(at.line)].join("\n");
            const written = JSON.stringify(valueAt(document.value!, pointer), undefined, indent).split("\n")[0]!;
            expect(rest).toStartWith(written);
            const keyAt = document.positionOf(pointer, "key");
            const key = document.slotAt(pointer)!.keyAt === document.slotAt(pointer)!.at ? undefined : lastKey(pointer);
            if (key !== undefined)
              expect(lines[keyAt.line - 1]!.slice(keyAt.column - 1)).toStartWith(JSON.stringify(key));
          }
        },
      ),
      { numRuns: runs(200) },
    );
  });
});

function pointersOf(value: Json, pointer = ""): readonly string[] {
  const children: readonly (readonly [string | number, Json])[] = isList(value)
    ? value.map((one, index) => [index, one] as const)
    : isObject(value)
      ? Object.entries(value)
      : [];
  return [pointer, ...children.flatMap(([key, one]) => pointersOf(one, pointer + pointerStep(key)))].filter(
    (one) => one !== "",
  );
}

const unescaped = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~");
const lastKey = (pointer: string): string => unescaped(pointer.slice(pointer.lastIndexOf("/") + 1));

function valueAt(value: Json, pointer: string): Json {
  return pointer
    .split("/")
    .slice(1)
    .reduce<Json>((at, step) => (at as Record<string, Json>)[unescaped(step)]!, value);
}

function replaced(value: Json, [step = "", ...more]: readonly string[], by: Json): Json {
  const key = unescaped(step);
  if (isList(value))
    return value.map((one, index) => (String(index) !== key ? one : more.length === 0 ? by : replaced(one, more, by)));
  const entries = Object.entries(value as Record<string, Json>);
  return Object.fromEntries(
    entries.map(([name, one]) => [name, name !== key ? one : more.length === 0 ? by : replaced(one, more, by)]),
  );
}
