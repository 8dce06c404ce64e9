import { describe, expect, test } from "bun:test";
import { SourceDocument } from "./source-document.ts";
import { SOURCE_LIMITS, type SourceLimits } from "./source-tree.ts";

function read(text: string | Uint8Array, file = "api.yaml", limits: Partial<SourceLimits> = {}): SourceDocument {
  return SourceDocument.read(`file:///${file}`, file, text, { ...SOURCE_LIMITS, ...limits });
}

/** `line:column code message` */
function problemsOf(document: SourceDocument): readonly string[] {
  return document.problems.map(({ code, message, offset }) => {
    const { line, column } = document.positionAt(offset);
    return `${line}:${column} ${code} ${message}`;
  });
}

function at(document: SourceDocument, pointer: string, part?: "key" | "value"): string {
  const { line, column } = document.positionOf(pointer, part);
  return `${line}:${column}`;
}

const plain = (document: SourceDocument): unknown => JSON.parse(JSON.stringify(document.value));

describe("positions", () => {
  const YAML = `openapi: 3.1.0
paths:
  /a~b/{c}:
    get:   # a comment
      tags: [one, "two"]
      description: |
        text
      parameters:
      - name: x
        in: query
      - name: "y"
`;

  test("of keys and values in YAML", () => {
    const document = read(YAML);
    expect(at(document, "")).toBe("1:1");
    expect(at(document, "/openapi")).toBe("1:10");
    expect(at(document, "/openapi", "key")).toBe("1:1");
    expect(at(document, "/paths/~1a~0b~1{c}", "key")).toBe("3:3");
    expect(at(document, "/paths/~1a~0b~1{c}")).toBe("4:5");
    expect(at(document, "/paths/~1a~0b~1{c}/get/tags")).toBe("5:13");
    expect(at(document, "/paths/~1a~0b~1{c}/get/tags/1")).toBe("5:19");
    expect(at(document, "/paths/~1a~0b~1{c}/get/description")).toBe("6:20");
    expect(at(document, "/paths/~1a~0b~1{c}/get/parameters")).toBe("9:7");
    expect(at(document, "/paths/~1a~0b~1{c}/get/parameters/0")).toBe("9:9");
    expect(at(document, "/paths/~1a~0b~1{c}/get/parameters/1/name")).toBe("11:15");
  });

  test("of what is not there: where the object begins that lacks it", () => {
    expect(at(read(YAML), "/paths/~1a~0b~1{c}/get/responses/200")).toBe("4:5");
  });

  test("in JSON", () => {
    const document = read('{\n\t"a": [1, {"b/c" : true}],\r\n  "": null\n}', "api.json");
    expect(at(document, "/a")).toBe("2:7");
    expect(at(document, "/a/1/b~1c", "key")).toBe("2:12");
    expect(at(document, "/a/1/b~1c")).toBe("2:20");
    expect(at(document, "/", "key")).toBe("3:3");
    expect(at(document, "/")).toBe("3:7");
  });

  test("of aliases: where the alias is; of what is in it: where that is written", () => {
    const document = read("a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 2\n");
    expect(plain(document)).toEqual({ a: { b: 1 }, c: { b: 1 }, d: { e: 2, b: 1 } });
    expect(at(document, "/c")).toBe("3:4");
    expect(at(document, "/c/b")).toBe("2:6");
    expect(at(document, "/d/b")).toBe("2:6");
    expect(at(document, "/d/e")).toBe("6:6");
  });

  test("a byte order mark is no column, a carriage return ends no line alone", () => {
    expect(at(read("\ufeffa: 1\r\nb: 2\r\n"), "/a", "key")).toBe("1:1");
    expect(at(read("\ufeffa: 1\r\nb: 2\r\n"), "/b")).toBe("2:4");
    expect(at(read(new TextEncoder().encode('\ufeff{"a": 1}')), "/a")).toBe("1:7");
  });

  test("of an empty value: where its key is", () => {
    expect(at(read("a:\n  b:\n  c: 1\n"), "/a/b")).toBe("2:3");
    expect(at(read("a: &x\n  b:\n  c: 1\n"), "/a/b")).toBe("2:3");
  });
});

describe("YAML 1.2", () => {
  test("no, dates and odd numbers are what they look like", () => {
    const text =
      "a: no\nb: on\nc: 2001-01-01\nd: 12:30:45\ne: 010\nf: 0o10\ng: 0x1F\nh: 1_000\ni: ~\nj: 1e3\nk: '1'\nl: .5\n";
    const expected = {
      a: "no",
      b: "on",
      c: "2001-01-01",
      d: "12:30:45",
      e: 10,
      f: 8,
      g: 31,
      h: "1_000",
      i: null,
      j: 1000,
      k: "1",
      l: 0.5,
    };
    expect(plain(read(text))).toEqual(expected);
    // The same through the whole parser, which the anchor makes necessary, and where a directive asks for YAML 1.1.
    expect(plain(read(`${text}m: &anchor 1\n`))).toEqual({ ...expected, m: 1 });
    expect(plain(read(`%YAML 1.1\n---\n${text}`))).toEqual(expected);
  });

  test("keys are text as they are written", () => {
    const text = "200: a\n1.0: b\ntrue: c\nnull: d\n0x1: e\n";
    expect(plain(read(text))).toEqual({ "200": "a", "1.0": "b", true: "c", null: "d", "0x1": "e" });
    expect(plain(read(`${text}z: &z 1\n`))).toEqual({ "200": "a", "1.0": "b", true: "c", null: "d", "0x1": "e", z: 1 });
  });

  test("keys with a meaning in JavaScript are keys", () => {
    const { value } = read("__proto__: 1\nconstructor: 2\n");
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect((read("a: 1").value as Record<string, unknown>).constructor).toBeUndefined();
  });

  test("merge keys: the first one wins, what is written out wins over all", () => {
    const text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  c: 3\n  <<: [*x, *y]\n";
    expect(plain(read(text))).toMatchObject({ z: { a: 1, b: 1, c: 3 } });
    expect(problemsOf(read("x: &x 1\ny:\n  <<: *x\n"))).toEqual(["3:7 E1002 Only objects can be merged."]);
  });

  test("tags, several documents and values that JSON does not have are refused", () => {
    expect(problemsOf(read("a: !include b.yaml\n"))).toEqual(["1:4 E1002 This is not YAML: unresolved tag: !include."]);
    expect(problemsOf(read("a: !!binary aGk=\n"))).toHaveLength(1);
    expect(problemsOf(read("a: 1\n---\nb: 2\n"))).toEqual(["2:1 E1002 A second document begins here."]);
    expect(problemsOf(read("a: .inf\nb: .NaN\n"))).toEqual([
      "1:4 E1002 JSON has no such value.",
      "2:4 E1002 JSON has no such value.",
    ]);
    expect(problemsOf(read("? [a]\n: 1\n"))).toEqual(["1:3 E1002 A key is text."]);
    expect(problemsOf(read("# nothing\n"))).toEqual(["1:1 E1002 The document is empty."]);
  });

  test("all syntax errors have their lines", () => {
    expect(problemsOf(read("a: b: c\nd: 1\ne: f: g\n"))).toEqual([
      "1:4 E1002 This is not YAML: nested mappings are not allowed in compact mappings.",
      "3:4 E1002 This is not YAML: nested mappings are not allowed in compact mappings.",
    ]);
  });
});

describe("JSON", () => {
  test.each([
    ['{"a": 1,}', "1:9 E1002 JSON has no comma after the last one."],
    ['{"a" 1}', "1:6 E1002 A colon is expected here."],
    ["{a: 1}", "1:2 E1002 A key is expected here, in double quotes."],
    ['{"a": 01}', "1:8 E1002 A comma or } is expected here."],
    ['{"a": "x\ny"}', "1:9 E1002 A control character in a text is written as an escape."],
    ['{"a": "\\x"}', "1:8 E1002 This escape means nothing."],
    ['{"a": "x', "1:7 E1002 This text has no end."],
    ['{"a": ', "1:7 E1002 The text ends too early."],
    ['{"a": nul}', "1:7 E1002 This is no JSON value."],
    ['{"a": 1e999}', "1:7 E1002 This number is too large."],
    ["{} {}", "1:4 E1002 Something follows the end of the document."],
    ["", "1:1 E1002 The text ends too early."],
  ])("%s", (text, problem) => {
    expect(problemsOf(read(text, "api.json"))).toEqual([problem]);
  });

  test("reads what JSON.parse reads", () => {
    const text = '{"a":[1,-0.5e+2,"\\u00e9\\n\\"",true,false,null,{"__proto__":{}}],"":{}}';
    expect(JSON.stringify(read(text, "api.json").value)).toBe(JSON.stringify(JSON.parse(text)));
  });

  test("under another name is recognised by its first character, and may be YAML's flow style instead", () => {
    expect(plain(read('{\n\t"a": 1\n}', "api"))).toEqual({ a: 1 });
    expect(plain(read("{a: 1, b: [c]}", "api"))).toEqual({ a: 1, b: ["c"] });
  });
});

describe("limits", () => {
  test("keys that are there twice are refused, also as 200 and '200'", () => {
    expect(problemsOf(read("a:\n  b: 1\n  c: 2\n  b: 3\n"))).toEqual(['4:3 E1005 The key "b" is there twice.']);
    expect(problemsOf(read("200: 1\n'200': 2\n"))).toEqual(['2:1 E1005 The key "200" is there twice.']);
    expect(problemsOf(read('{"a": 1, "b": 2, "a": 3, "a": 4}', "api.json"))).toEqual([
      '1:18 E1005 The key "a" is there twice.',
      '1:26 E1005 The key "a" is there twice.',
    ]);
  });

  test("aliases that multiply are counted as if they were written out", () => {
    const level = (n: number): string =>
      `a${n}: &a${n} [${Array(9)
        .fill(`*a${n - 1}`)
        .join(", ")}]\n`;
    const bomb = `a0: &a0 lol\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map(level).join("")}`;
    expect(problemsOf(read(bomb))[0]).toStartWith("8:");
    expect(read(bomb).problems.map(({ code }) => code)).toEqual(["E1006"]);
    expect(read(bomb).root).toBeUndefined();
  });

  test("an alias inside what it stands for is refused, so is one without an anchor", () => {
    expect(problemsOf(read("a: &x\n  b: *x\n"))).toEqual(["2:6 E1002 This alias is inside what it stands for."]);
    expect(problemsOf(read("a: *x\n"))).toEqual(["1:4 E1002 No anchor of this name comes before."]);
  });

  test("depth, in every style, however deep", () => {
    for (const text of [
      `a: ${"[".repeat(201)}${"]".repeat(201)}`,
      `a: ${"[".repeat(50_000)}`,
      `${"- ".repeat(20_000)}x`,
      `${"? ".repeat(20_000)}x`,
      Array.from({ length: 300 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
    ]) {
      expect(read(text).problems.map(({ code }) => code)).toEqual(["E1006"]);
    }
    expect(read("[".repeat(1_000_000), "api.json").problems.map(({ code }) => code)).toEqual(["E1006"]);
  });

  test("depth through aliases", () => {
    const text = `a: &a ${"[".repeat(120)}${"]".repeat(120)}\nb: ${"[".repeat(120)}*a${"]".repeat(120)}\n`;
    expect(read(text).problems.map(({ code }) => code)).toEqual(["E1006"]);
  });

  test("length", () => {
    expect(problemsOf(read("a: 12345", "api.yaml", { lengthMax: 7 }))).toEqual([
      "1:1 E1006 A document has at most 7 characters, not 8.",
    ]);
    expect(problemsOf(read("a: 12345", "api.yaml", { uncommonLengthMax: 7 }))).toEqual([]);
    expect(read("a: !!int 45", "api.yaml", { uncommonLengthMax: 7 }).problems[0]?.code).toBe("E1006");
  });

  test("texts that would keep a careless reader busy", () => {
    // Each of them took minutes when a step looked through all that was left.
    for (const text of [
      `a:\n${"- x\n".repeat(400_000)}`,
      `a:\n${"- 'x'\n".repeat(400_000)}`,
      `a: |\n${"  x\n".repeat(400_000)}`,
      `a: [${"x, ".repeat(400_000)}]\n`,
      Array.from({ length: 200_000 }, (_, index) => `k${index}: 1\n`).join(""),
    ]) {
      expect(read(text).problems).toEqual([]);
    }
  });

  test("bytes that are no text", () => {
    expect(read(new Uint8Array([0x61, 0x3a, 0x20, 0xff])).problems[0]?.code).toBe("E1002");
    const utf16 = new Uint8Array([
      0xff,
      0xfe,
      ...new Uint8Array(new Uint16Array([..."a: 1"].map((c) => c.charCodeAt(0))).buffer),
    ]);
    expect(plain(read(utf16))).toEqual({ a: 1 });
  });
});
