import { describe, expect, test } from "bun:test";
import type { Operation } from "../model.ts";
import { load, openapi, told } from "../test-descriptions.ts";

const get = (lines: string, rest = ""): string => openapi(`  /a:\n    get:\n      responses: {}\n${lines}`, rest);

function operation(text: string): Operation {
  const { descriptions, diagnostics, hasErrors } = load({ a: text });
  if (hasErrors) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return descriptions[0]!.operations[0]!;
}

/** `name(config)` of each. */
const chain = (text: string): string =>
  operation(text)
    .middlewares.map(({ name, config }) => `${name}${Object.keys(config).length > 0 ? JSON.stringify(config) : ""}`)
    .join(" ");

describe.each(["x-biplane", "x-barbacane"])("%s", (prefix) => {
  const globals = `${prefix}-middlewares:\n- name: jwt\n- {name: limit, config: {quota: 1}}\n- {name: jwt, config: {b: 2}}\n`;

  test("dispatch has a name, perhaps a version, and a config", () => {
    const { dispatch } = operation(
      get(`      ${prefix}-dispatch: {name: http-upstream@1.2.0, config: {url: 'https://x'}}\n`),
    );
    expect(dispatch).toMatchObject({
      name: "http-upstream",
      version: "1.2.0",
      config: { url: "https://x" },
      at: { pointer: `/paths/~1a/get/${prefix}-dispatch` },
      configAt: { pointer: `/paths/~1a/get/${prefix}-dispatch/config` },
    });
    expect(operation(get(`      ${prefix}-dispatch:\n        name: mock\n        config:\n`)).dispatch).toMatchObject({
      config: {},
      version: undefined,
    });
  });

  test("middlewares are inherited, opted out of, or merged: the operation's own replace those of the same name", () => {
    expect(chain(get("", globals))).toBe('jwt limit{"quota":1} jwt{"b":2}');
    expect(operation(get("", globals)).middlewaresFrom).toBe("document");
    expect(chain(get(`      ${prefix}-middlewares: []\n`, globals))).toBe("");
    expect(operation(get(`      ${prefix}-middlewares: []\n`, globals)).middlewaresFrom).toBe("opted-out");
    const own = get(
      `      ${prefix}-middlewares: [{name: cors}, {name: jwt@2, config: {c: 3}}, {name: cors}]\n`,
      globals,
    );
    expect(chain(own)).toBe('limit{"quota":1} cors jwt{"c":3} cors');
    expect(operation(own).middlewaresFrom).toBe("operation");
  });

  test("mcp of the document holds for operations that do not say otherwise", () => {
    const rest = `${prefix}-mcp: {enabled: true, server_name: S, server_version: '2'}\n`;
    const text = get("      operationId: a\n      summary: s\n", rest);
    expect(load({ a: text }).descriptions[0]!.mcp).toMatchObject({
      enabled: true,
      serverName: "S",
      serverVersion: "2",
    });
    expect(operation(text).mcp).toEqual({ enabled: true, description: undefined });
    const own = `      ${prefix}-mcp: {enabled: false, description: d}\n`;
    expect(operation(get(own, rest)).mcp).toEqual({ enabled: false, description: "d" });
    expect(told({ a: get("", rest) })).toEqual([
      "5:5 E1060 The operation is no tool: it has no operationId.",
      "5:5 E1061 The tool has neither summary nor description.",
    ]);
  });

  test("a list of middlewares that is none never becomes an empty one", () => {
    for (const [written, message] of [
      [" {name: jwt}", "Middlewares are a list, not an object."],
      [" jwt", "Middlewares are a list, not text."],
      ["", "Middlewares are a list, not empty (null)."],
    ] as const) {
      expect(told({ a: get(`      ${prefix}-middlewares:${written}\n`, globals) })).toEqual([`7:7 E1011 ${message}`]);
      expect(load({ a: get(`      ${prefix}-middlewares:${written}\n`, globals) }).hasErrors).toBe(true);
    }
  });

  test("entries of middlewares that are malformed", () => {
    const text = get(`      ${prefix}-middlewares:
      - nmae: jwt
      - jwt
      - name: ''
      - {name: a, config: [1]}
      - {name: 7}
      - {name: a b}
      - {name: a, options: {}}
`);
    expect(told({ a: text })).toEqual([
      '8:9 E1011 There is no "nmae" here.',
      "8:9 E1011 A middleware needs a name.",
      "9:9 E1011 A middleware is an object with name and config, not text.",
      "10:15 E1011 The name of a plugin is text like jwt-auth or jwt-auth@1.2.0.",
      "11:19 E1011 A config is an object, not a list.",
      "12:16 E1011 The name of a plugin is text like jwt-auth or jwt-auth@1.2.0.",
      "13:16 E1011 The name of a plugin is text like jwt-auth or jwt-auth@1.2.0.",
      '14:19 E1011 There is no "options" here.',
    ]);
  });

  test("dispatch and mcp that are malformed", () => {
    expect(told({ a: get(`      ${prefix}-dispatch: mock\n`) })).toEqual([
      `7:${9 + prefix.length + 9} E1012 A dispatch is an object with name and config, not text.`,
    ]);
    expect(told({ a: get(`      ${prefix}-dispatch: {name: mock, confg: {}}\n`) })).toHaveLength(1);
    expect(
      told({ a: get(`      ${prefix}-mcp: {enabled: yes, server_name: x}\n`) }).map((line) =>
        line.replace(/^\S+ /, ""),
      ),
    ).toEqual(["E1014 enabled is true or false, not text.", 'E1014 There is no "server_name" here.']);
  });

  test("extensions that are not known, look misspelt, or stand where they have no effect", () => {
    const text = openapi(
      `  /a:
    ${prefix}-middlewares: []
    get:
      responses: {}
      ${prefix}-middleware: []
      ${prefix}-color: red
      ${prefix.replace("-b", "-bb")}-dispatch: {}
      X-${prefix.slice(2)}_Dispatch: {}
      x-other: 1
`,
      `${prefix}-dispatch: {name: a}\ncomponents: {schemas: {A: {${prefix}-mcp: {}}}}\n`,
    );
    expect(told({ a: text })).toEqual([
      `5:5 E1016 "${prefix}-middlewares" has no effect here.`,
      `8:7 E1017 There is no "${prefix}-middleware".`,
      `9:7 E1015 There is no "${prefix}-color": it has no effect.`,
      `10:7 E1017 There is no "${prefix.replace("-b", "-bb")}-dispatch".`,
      `11:7 E1017 There is no "X-${prefix.slice(2)}_Dispatch".`,
      `11:7 W1011 An operation has no "X-${prefix.slice(2)}_Dispatch".`,
      `14:1 E1016 "${prefix}-dispatch" has no effect here.`,
      `15:28 E1016 "${prefix}-mcp" has no effect here.`,
    ]);
  });
});

test("both prefixes at once are refused", () => {
  const text = get("      x-biplane-dispatch: {name: a}\n      x-barbacane-dispatch: {name: b}\n");
  expect(told({ a: text })).toEqual(["8:7 E1013 x-biplane-dispatch is there too."]);
});

describe("an operation without dispatch", () => {
  test.each(["error", "warning"] as const)("is told as %s", (withoutDispatch) => {
    const { diagnostics, hasErrors } = load({ a: get("") }, { withoutDispatch });
    expect(diagnostics).toMatchObject([{ code: "E1020", level: withoutDispatch, line: 5, column: 5 }]);
    expect(hasErrors).toBe(withoutDispatch === "error");
  });

  test("is told once when its dispatch is malformed", () => {
    expect(told({ a: get("      x-biplane-dispatch: 1\n") }, { withoutDispatch: "error" })).toHaveLength(1);
  });
});

describe("x-sunset", () => {
  const same = ["2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "Fri, 01 Jan 2027 00:00:00 GMT", "2027-01-01"];
  test.each(same)("%s", (text) => {
    const { sunset } = operation(get(`      deprecated: true\n      x-sunset: '${text}'\n`));
    expect(sunset).toEqual({ text, time: Date.UTC(2027, 0, 1) });
  });

  test("is refused when it is no date, and told when the operation is not deprecated", () => {
    for (const text of ["2027-01-32", "tomorrow", "2027-13-01T00:00:00Z", "7"]) {
      expect(told({ a: get(`      deprecated: true\n      x-sunset: ${text}\n`) })).toEqual([
        "8:17 E1014 x-sunset is a date, or one with time and zone.",
      ]);
    }
    expect(told({ a: get("      x-sunset: 2027-01-01T00:00:00Z\n") })).toEqual([
      "7:17 E1030 The operation has a sunset and is not deprecated.",
    ]);
  });
});
