import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CelError, CelSyntaxError, type CelValue, compileCel } from "./index.ts";

const request = {
  method: "POST",
  path: "/orders/17",
  headers: { "x-team": "blue", host: "shop.test" },
  claims: { sub: "ada", roles: ["admin", "dev"], age: 36 },
  body: {
    lines: [
      { sku: "A", count: 2 },
      { sku: "B", count: 5 },
    ],
    note: null,
  },
} as unknown as CelValue;

const evaluate = (source: string, values: Readonly<Record<string, CelValue>> = { request }) =>
  compileCel(source, { variables: Object.keys(values) }).evaluate(values);

describe("over what JSON has", () => {
  test.each([
    ["request.method == 'POST' && request.path.startsWith('/orders/')", true],
    ["'admin' in request.claims.roles", true],
    ["request.claims.roles.exists(r, r == 'root')", false],
    ["request.headers['x-team'] == 'blue'", true],
    ["has(request.headers.host) && !has(request.headers.cookie)", true],
    ["request.claims.age >= 18", true],
    ["request.claims.age == 36", true],
    ["request.body.lines.map(l, l.count * 2.0)", [4, 10]],
    ["request.body.lines.filter(l, l.count > 2)[0].sku", "B"],
    ["request.body.lines.all(l, l.count > 0)", true],
    ["request.body.note == null", true],
    ["size(request.body.lines) == 2", true],
    ["request.path.matches('^/orders/[0-9]+$')", true],
    ["type(request.claims.age) == double", true],
    ["request.claims.sub + '@' + request.headers.host", "ada@shop.test"],
    ["timestamp('2026-11-26T10:00:00Z') - timestamp('2026-11-25T10:00:00Z') == duration('24h')", true],
    ["timestamp('2026-06-01T23:30:00Z').getHours('Europe/Paris') == 1", true],
    // What cannot be evaluated does not count where the other side decides.
    ["request.claims.nothing == 'x' || request.method == 'POST'", true],
    ["request.method == 'GET' && request.claims.nothing == 'x'", false],
  ] as const)("%s", (source, value) => {
    expect(evaluate(source)).toEqual(value as CelValue);
  });

  test.each([
    ["request.claims.nothing", "no such key"],
    ["request.claims.roles[7]", "index out of range"],
    ["request.method + 1", "no such overload"],
    ["request.claims.age + 1", "no such overload"],
    ["1 / 0", "divide by zero"],
    ["9223372036854775807 + 1", "overflow"],
    ["request.method ? 1 : 2", "no such overload"],
    ["'a'.matches('(a)\\\\1')", "invalid pattern"],
    ["timestamp('2026-02-30T00:00:00Z')", "invalid timestamp"],
    ["timestamp('2026-06-01T00:00:00Z').getHours('Nowhere/Land')", "unknown time zone"],
  ])("%s is an error of its values", (source, problem) => {
    expect(() => evaluate(source)).toThrow(CelError);
    expect(() => evaluate(source)).toThrow(problem);
  });
});

describe("what is wrong with an expression is told when it is compiled, and where", () => {
  test.each([
    ["", "ends too early (at character 1)"],
    ["request.", "ends too early (at character 9)"],
    ["request..path", '"." was not expected here (at character 9)'],
    ["reqest.path", 'There is no variable "reqest"; there are request (at character 1)'],
    ["request.path.upper()", 'There is no method "upper" (at character 13)'],
    ["lenght(request)", 'There is no function "lenght" (at character 1)'],
    ["size(request, 1)", '"size" does not take 2 values'],
    ["has(request)", '"has" asks for a member'],
    ["request.all(1, true)", 'The first value of "all" is a name'],
    ["'abc", "The text has no end"],
    ["'\\q'", "There is no such escape"],
    ["1 +* 2", '"*" was not expected here (at character 4)'],
    ["request = 1", '"=" has no place in an expression (at character 9)'],
    ["for", '"for" is reserved'],
    ["9223372036854775808", "too large for an int"],
    ["Message{a: 1}", "Messages of protocol buffers cannot be made here"],
    [`${"(".repeat(300)}1${")".repeat(300)}`, "nested 250 deep"],
    ["1".repeat(200_000), "at most 100000 characters"],
  ])("%s", (source, problem) => {
    const compile = (): unknown => compileCel(source, { variables: ["request"] });
    expect(compile).toThrow(CelSyntaxError);
    expect(compile).toThrow(problem);
  });
});

test("what it uses is known, and what it does not use need not be there", () => {
  const program = compileCel("a.b == 1 || c.exists(x, x == a.b)", { variables: ["a", "b", "c", "d"] });
  expect([...program.uses].sort()).toEqual(["a", "c"]);
  expect(program.evaluate({ a: { b: 1n } })).toBe(true);
  expect(() => program.evaluate({ a: { b: 2n } })).toThrow("the variable c has no value");
  // Nothing that every object inherits is a variable or a member.
  expect(() => evaluate("request.constructor")).toThrow("no such key");
  expect(() => compileCel("x", { variables: ["x"] }).evaluate({ __proto__: { x: 1n } } as never)).toThrow(
    "has no value",
  );
});

test("one evaluation does not disturb another, nor what it was given", () => {
  const program = compileCel("list.map(x, list.filter(y, y > x))", { variables: ["list"] });
  const list = Object.freeze([1n, 2n, 3n]);
  for (let turn = 0; turn < 3; turn++) expect(program.evaluate({ list })).toEqual([[2n, 3n], [3n], []]);
});

test("macros in macros do not multiply a long list without end", () => {
  const list = Array.from({ length: 2_000 }, (_, index) => BigInt(index));
  expect(() => evaluate("list.all(a, list.all(b, list.all(c, a + b + c >= 0)))", { list })).toThrow(
    "more than 100000 items",
  );
});

test("no text makes the compiler fail otherwise, and no values the program", () => {
  const word = fc.constantFrom(
    "request",
    "a",
    "1",
    "-1",
    "2u",
    "3.5",
    "'x'",
    "b'y'",
    "true",
    "null",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "?",
    ".",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    "in",
    "&&",
    "||",
    "!",
    "size(",
    ".map(x,",
    ".exists(x,",
    "x",
    "has(",
    "timestamp(",
    ".getHours(",
    "int(",
    "string(",
    " ",
  );
  const values: readonly CelValue[] = [request, 1n, 2.5, "text", null, true, [], [1n, "a"]];
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.constantFrom(...values), (words, a) => {
      try {
        compileCel(words.join(""), { variables: ["request", "a"] }).evaluate({ request, a });
      } catch (error) {
        if (!(error instanceof CelError) && !(error instanceof CelSyntaxError)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});
