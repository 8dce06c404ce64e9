import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Parameter,
  parseCookies,
  parseQuery,
  readParameter,
  type Style,
  type ValueShape,
} from "#foundation/api-parameters";
import { cookiePairs, headerText, pathText, queryPairs, Unwritable } from "./write-parameter.ts";

const text = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
const plainText = fc.stringMatching(/^[a-zA-Z0-9]{1,6}$/);
const SCALAR: ValueShape = { kind: "scalar", types: ["integer", "string"] };
const LIST: ValueShape = { kind: "array", items: ["string"] };
const OBJECT: ValueShape = {
  kind: "object",
  properties: { a: { kind: "scalar", types: ["string"] }, b: { kind: "scalar", types: ["string"] } },
  others: undefined,
};

/** Values of each shape. What is JSON as a whole is a scalar to whoever reads it. */
const anyValue = (one: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.record({
      shape: fc.constant(SCALAR),
      value: fc.oneof(
        one.filter((text) => !/^-?\d+$/.test(text)),
        fc.integer(),
      ),
    }),
    fc.record({ shape: fc.constant(LIST), value: fc.array(one, { minLength: 1, maxLength: 3 }) }),
    fc.record({ shape: fc.constant(OBJECT), value: fc.record({ a: one, b: one }) }),
  );

const parameter = (part: Partial<Parameter>): Parameter => ({
  name: "p",
  in: "query",
  required: true,
  style: "form",
  explode: true,
  allowEmptyValue: false,
  shape: SCALAR,
  isJson: false,
  ...part,
});

const NOTHING = {
  path: () => undefined,
  query: { byName: new Map(), isBroken: false },
  header: () => [],
  cookies: new Map(),
};

test("what is written is read as the same value, wherever it stands", () => {
  const styles = fc.constantFrom<Style>("simple", "label", "matrix");
  fc.assert(
    fc.property(anyValue(text), styles, fc.boolean(), fc.boolean(), ({ shape, value }, style, explode, isJson) => {
      const of = parameter({ in: "path", style, explode, shape: isJson ? SCALAR : shape, isJson });
      expect(readParameter(of, { ...NOTHING, path: () => pathText(of, value) })).toEqual({ kind: "value", value });
    }),
  );
  fc.assert(
    fc.property(anyValue(text), fc.boolean(), fc.boolean(), ({ shape, value }, explode, isJson) => {
      for (const style of ["form", ...(shape.kind === "object" && !isJson ? ["deepObject"] : [])] as Style[]) {
        const of = parameter({ style, explode, shape: isJson ? SCALAR : shape, isJson });
        const query = queryPairs(of, value)
          .map((pair) => pair.join("="))
          .join("&");
        expect(readParameter(of, { ...NOTHING, query: parseQuery(query)! })).toEqual({ kind: "value", value });
      }
      const of = parameter({ in: "cookie", explode, shape: isJson ? SCALAR : shape, isJson });
      const cookies = cookiePairs(of, value)
        .map((pair) => pair.join("="))
        .join("; ");
      expect(readParameter(of, { ...NOTHING, cookies: parseCookies(cookies) })).toEqual({ kind: "value", value });
    }),
  );
  fc.assert(
    fc.property(anyValue(plainText), fc.boolean(), ({ shape, value }, explode) => {
      const of = parameter({ in: "header", style: "simple", explode, shape });
      expect(readParameter(of, { ...NOTHING, header: () => [headerText(of, value)] })).toEqual({
        kind: "value",
        value,
      });
    }),
  );
});

test("what cannot be written is refused", () => {
  const header = parameter({ in: "header", style: "simple" });
  for (const value of ["a\r\nHost: b", "a\0b", "日本"]) expect(() => headerText(header, value)).toThrow(Unwritable);
  expect(() => pathText(parameter({ in: "path", style: "simple" }), ["a"])).toThrow("must be one value");
  expect(() => queryPairs(parameter({ shape: LIST }), "a")).toThrow("must be a list");
  expect(() => queryPairs(parameter({ shape: OBJECT }), ["a"])).toThrow("must be an object");
  expect(() => pathText(parameter({ in: "path", style: "simple" }), "\ud800")).toThrow("is not Unicode");
  expect(() => cookiePairs(parameter({ in: "cookie", style: "cookie" }), "a; b=c")).toThrow(Unwritable);
});
