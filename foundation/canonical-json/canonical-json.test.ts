import { expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson, parseCanonicalJson } from "./canonical-json.ts";

test("canonicalJson() is that of RFC 8785 §3.2.2 and §3.2.3", () => {
  const given = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '€$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(given)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const names = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
  expect(canonicalJson(names)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
});

test("canonicalJson() does not depend on the order in which members were added, and loses nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      if (typeof value !== "object" || value === null || Array.isArray(value)) return;
      expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(text);
    }),
  );
});

test("parseCanonicalJson() reads what was written, and nothing that could be read in another way", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const bytes = Buffer.from(canonicalJson(value));
      expect(parseCanonicalJson(bytes)).toEqual({ value: JSON.parse(bytes.toString()) });
    }),
  );
  for (const text of [
    '{"a":1,"a":2}',
    '{"b":1,"a":2}',
    '{ "a":1}',
    '{"a":1.0}',
    '"\\u0061"',
    "\ufeff1",
    "1\n",
    "",
    "{",
    "nul",
  ]) {
    expect([text, parseCanonicalJson(Buffer.from(text))]).toEqual([text, undefined]);
  }
  expect(parseCanonicalJson(Buffer.from([0x22, 0xff, 0x22]))).toBeUndefined();
});
