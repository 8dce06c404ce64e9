import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Operation } from "../model.ts";
import { load, openapi, told } from "../test-descriptions.ts";
import { overlapOf } from "./overlap.ts";
import { type PathTemplate, parseTemplate } from "./path-template.ts";
import { RouteTree } from "./route-tree.ts";

function template(path: string): PathTemplate {
  const parsed = parseTemplate(path);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed.template;
}

/** `text`, `{parameter}`, `{rest+}`, parts of mixed segments with `|` between. */
function shown(path: string): string {
  const segments = template(path).segments.map((segment) => {
    switch (segment.kind) {
      case "text":
        return JSON.stringify(segment.text);
      case "parameter":
        return `{${segment.name}}`;
      case "rest":
        return `{${segment.name}+}`;
      default:
        return segment.parts.map(({ text, name }) => text ?? `{${name}}`).join("|");
    }
  });
  return segments.join(" ");
}

describe("a path template", () => {
  test.each([
    ["/", ""],
    ["/a/b", '"a" "b"'],
    ["/a/", '"a" ""'],
    ["/{id}", "{id}"],
    ["/a/{b}.json", '"a" {b}|.json'],
    ["/v{major}-{minor}/x", 'v|{major}|-|{minor} "x"'],
    ["/compare/{base}...{head}", '"compare" {base}|...|{head}'],
    ["/files/{path+}", '"files" {path+}'],
    ["/caf%C3%A9/a%2Fb", '"café" "a/b"'],
    ["/users({id})/$count", 'users(|{id}|) "$count"'],
    ["/{pet-id}/{pet_id}/{pet.id}", "{pet-id} {pet_id} {pet.id}"],
  ])("%s", (path, segments) => {
    expect(shown(path)).toBe(segments);
  });

  test.each([
    ["a", "A path begins with a slash."],
    ["/a//b", "A segment between two slashes is empty."],
    ["/{a", "A { is never closed."],
    ["/a}", "A } has no { before it."],
    ["/{}", "A parameter has a name."],
    ["/{a}{b}", "Two parameters have nothing between them, so that it is open where the first one ends."],
    ["/{a}/{a}", 'The parameter "a" is there twice.'],
    ["/{a+}/b", "{a+} stands for all that follows: it is the whole last segment."],
    ["/x{a+}", "{a+} stands for all that follows: it is the whole last segment."],
    ["/a?b=c", "A path has no query."],
    ["/a#b", "A path has no fragment."],
    ["/a/../b", "Clients take . and .. out of paths before they send them."],
    ["/a/%2e", "Clients take . and .. out of paths before they send them."],
    ["/%ff", "A % in it begins no escape of UTF-8."],
    ["/{*path}", '"*path" has a meaning in other templates that OpenAPI does not know.'],
    ["/{id:[0-9]+}", "{id:[0-9]+} stands for all that follows: it is the whole last segment."],
    ["/{a b}", '"a b" is no name of a parameter.'],
  ])("%s is refused: %s", (path, problem) => {
    const parsed = parseTemplate(path);
    // Either sentence is right for a name that ends in + and is none.
    if (path === "/{id:[0-9]+}") expect(parsed).toHaveProperty("problem");
    else expect(parsed).toMatchObject({ problem });
  });
});

describe("two paths", () => {
  test.each([
    ["/a", "/b", "disjoint"],
    ["/a", "/a/b", "disjoint"],
    ["/a", "/a/", "disjoint"],
    ["/users/me", "/users/{id}", "ordered"],
    ["/{a}", "/{b}", "ordered"],
    ["/{entity}/me", "/books/{id}", "crossing"],
    ["/files/{p+}", "/files/a/b", "ordered"],
    ["/files/{p+}", "/files/", "disjoint"],
    ["/files/{p+}", "/{x}/a", "crossing"],
    ["/files/{p+}", "/files", "disjoint"],
    ["/{n}.json", "/{n}.xml", "disjoint"],
    ["/{n}.json", "/{n}", "ordered"],
    ["/{n}.json", "/{n}.tar.json", "ordered"],
    ["/{n}.json", "/report{r}", "ambiguous"],
    ["/{n}.json", "/a.json", "ordered"],
    ["/{n}.json", "/a.xml", "disjoint"],
    ["/a/{n}.json", "/b/x{r}", "disjoint"],
  ] as const)("%s and %s are %s", (left, right, overlap) => {
    expect(overlapOf(template(left), template(right))).toBe(overlap);
    expect(overlapOf(template(right), template(left))).toBe(overlap);
  });
});

describe("the tree of routes", () => {
  const segment = fc.constantFrom("a", "b", "{x}", "{x}.json", "a{x}", "", "{x+}", "{x}-{y}");
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((texts) => {
    // Names have to differ, the rest has to be the last one, nothing but the last one may be empty.
    const named = texts.filter((text, index) => index === texts.length - 1 || (text !== "" && text !== "{x+}"));
    return `/${named.map((text, index) => text.replaceAll("x", `x${index}`).replaceAll("y", `y${index}`)).join("/")}`;
  });

  test("finds an unclear pair where comparing each with each finds one", () => {
    fc.assert(
      fc.property(fc.array(path, { minLength: 2, maxLength: 8 }), (paths) => {
        const unique = [...new Map(paths.map((one) => [template(one).structure, one])).values()];
        const operations = unique.map((one) => ({ path: one, template: template(one) }) as Operation);
        const tree = new RouteTree();
        for (const [index, operation] of operations.entries()) {
          const expected = operations
            .slice(0, index)
            .filter((other) => ["crossing", "ambiguous"].includes(overlapOf(other.template, operation.template)));
          const found = tree.unclear(operation);
          if (expected.length === 0) expect(found).toBeUndefined();
          else expect(expected).toContain(found!);
          tree.add(operation);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("looks at tens of thousands of paths, also those that are made to keep it busy", () => {
    const paths = Array.from({ length: 12_000 }, (_, index) =>
      index % 2 === 0 ? `  /p/k${index}: {get: {responses: {}}}` : `  /p/{b}/q${index}: {get: {${id("b")}}}`,
    );
    const { diagnostics } = load({ a: openapi(paths.join("\n")) });
    expect(diagnostics.map(({ code }) => code)).toEqual(["E1006"]);
    const plain = Array.from({ length: 12_000 }, (_, index) => `  /p${index % 100}/{b}/q${index}: {get: {${id("b")}}}`);
    expect(load({ a: openapi(plain.join("\n")) }).diagnostics).toEqual([]);
  });
});

const id = (name: string): string =>
  `parameters: [{name: ${name}, in: path, required: true, schema: {}}], responses: {}`;

describe("all operations together", () => {
  test("the same path and method in two documents, also when it is escaped otherwise", () => {
    const files = {
      "a.yaml": openapi("  /x/b: {get: {responses: {}}}\n"),
      "b.yaml": openapi("  /x/%62: {get: {responses: {}}, put: {responses: {}}}\n"),
    };
    expect(told(files, { files: ["a.yaml", "b.yaml"] })).toEqual([
      "b.yaml:4:12 E1010 GET /x/%62 is there already, in a.yaml, line 4.",
    ]);
  });

  test("paths that differ in names only, whatever their methods", () => {
    const files = {
      a: openapi(
        `  /u/{id}: {get: {${id("id")}}}\n  /u/{userId}: {put: {${id("userId")}}}\n  /u/{id}/x: {get: {${id("id")}}}\n`,
      ),
      b: openapi(`  /u/{other}: {get: {${id("other")}}}\n`),
    };
    expect(told(files, { files: ["a", "b"] })).toEqual([
      '5:3 E1050 "/u/{userId}" matches the same requests as "/u/{id}", in a, line 4: only names of parameters differ.',
      'b:4:3 E1050 "/u/{other}" matches the same requests as "/u/{id}", in a, line 4: only names of parameters differ.',
    ]);
  });

  test("operationIds, over all documents", () => {
    const files = {
      a: openapi("  /a: {get: {operationId: x, responses: {}}}\n"),
      b: openapi("  /b:\n    get:\n      operationId: x\n      responses: {}\n"),
    };
    expect(told(files, { files: ["a", "b"] })).toEqual([
      'b:6:20 E1055 The operationId "x" is that of GET /a too, in a, line 4.',
    ]);
  });

  test("paths that overlap, for the same method", () => {
    const text = openapi(
      `  /{e}/me: {get: {${id("e")}}}\n  /books/{id}: {get: {${id("id")}}, put: {${id("id")}}}\n  /f/{n}.json: {get: {${id("n")}}}\n  /f/r{q}: {get: {${id("q")}}}\n  /g/{n}.json: {get: {${id("n")}}}\n  /g/r{q}: {put: {${id("q")}}}\n`,
    );
    const found = told({ a: text });
    expect(found.filter((line) => line.includes("E1057"))).toEqual([
      '7:3 E1057 "/f/r{q}" and "/f/{n}.json", in a, line 6, match some of the same requests, and no rule says which one is meant.',
    ]);
    expect(found).toContain('5:3 W1016 "/books/{id}" and "/{e}/me", in a, line 4, match some of the same requests.');
  });

  test("a path that cannot be matched says why, at its key", () => {
    expect(load({ a: openapi("  /a?b: {get: {responses: {}}}\n  /c: {}\n") }).diagnostics).toEqual([
      {
        code: "E1054",
        level: "error",
        message: '"/a?b": A path has no query.',
        file: "a",
        line: 4,
        column: 3,
        pointer: "/paths/~1a?b",
        hint: "Declare what is in the query as parameters with `in: query`.",
      },
    ]);
  });
});
