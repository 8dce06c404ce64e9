import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attributeOf, setAttribute, typeOf } from "./attribute-value.ts";
import { normalizeItem, normalizeValue } from "./normalize.ts";
import { itemSize, valueSize } from "./sizes.ts";
import { InvalidValue, TableSerialization } from "./table-validation.ts";
import { anyItem } from "./values.testing.ts";

const INVALID = "One or more parameter values were invalid: ";
const EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const NULL = "The supplied Item contains a null AttributeValue";
const SEVERAL =
  "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";

/** As it would arrive. */
const wire = (text: string): unknown => JSON.parse(text);

describe("normalizeValue()", () => {
  test.each([
    ['{"S":""}', '{"S":""}'],
    ['{"N":"01.50"}', '{"N":"1.5"}'],
    ['{"B":"YR=="}', '{"B":"YQ=="}'],
    ['{"BS":["YR==","AA=="]}', '{"BS":["YQ==","AA=="]}'],
    ['{"NS":["1.0","2"]}', '{"NS":["1","2"]}'],
    ['{"M":{"a":{"N":"1e1"},"b":{"S":"x","N":null}}}', '{"M":{"a":{"N":"10"},"b":{"S":"x"}}}'],
    ['{"L":[{"S":"a"},{"N":"+1"}]}', '{"L":[{"S":"a"},{"N":"1"}]}'],
    ['{"S":"a","N":null}', '{"S":"a"}'],
    ['{"S":"a","unknown":[1]}', '{"S":"a"}'],
    ['{"S":"\\ud800"}', '{"S":"\ufffd"}'],
    ['{"NULL":true}', '{"NULL":true}'],
    ['{"BOOL":false}', '{"BOOL":false}'],
  ])("%s becomes %s", (sent, stored) => {
    const sentValue = wire(sent);
    const before = JSON.stringify(sentValue);
    expect(JSON.stringify(normalizeValue(sentValue))).toBe(stored);
    // What came in is not written to.
    expect(JSON.stringify(sentValue)).toBe(before);
  });

  test.each([
    ["{}", EMPTY],
    ['{"a":""}', EMPTY],
    ['{"S":null}', EMPTY],
    ['{"N":null,"NULL":null}', EMPTY],
    ["null", NULL],
    ['{"M":{"a":{"S":"x"},"b":null}}', `${NULL}: b is null`],
    ['{"L":[{"M":{"a":null}}]}', `${NULL}: a is null`],
    ['{"L":[{"S":"x"},null]}', NULL],
    ['{"SS":["a",null]}', `${INVALID}An string set may not have a null string as a member`],
    ['{"NS":["1",null]}', "The parameter cannot be converted to a numeric value"],
    ['{"BS":[null]}', NULL],
    ['{"M":{"a":{}}}', EMPTY],
    ['{"L":[{}]}', EMPTY],
    ['{"S":"a","N":"1"}', SEVERAL],
    ['{"S":"a","N":"b"}', "The parameter cannot be converted to a numeric value: b"],
    ['{"NULL":false}', `${INVALID}Null attribute value types must have the value of true`],
    ['{"SS":[]}', `${INVALID}An string set  may not be empty`],
    ['{"NS":[]}', `${INVALID}An number set  may not be empty`],
    ['{"BS":[]}', `${INVALID}Binary sets should not be empty`],
    ['{"SS":["b","a","b"]}', `${INVALID}Input collection ["a", "b", "b"] contains duplicates.`],
    ['{"NS":["1","2","1.0"]}', `${INVALID}Input collection contains duplicates.`],
    [
      '{"BS":["/w==","AA==","AB=="]}',
      `${INVALID}Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.`,
    ],
  ])("%s is refused", (sent, message) => {
    expect(() => normalizeValue(wire(sent))).toThrow(new InvalidValue(message));
  });

  test.each([
    ['{"SS":["b","a","b"]}', `${INVALID}Input collection [b, a, b] contains duplicates.`],
    ['{"NS":["1","1"]}', "Input collection contains duplicates"],
    ['{"BS":["/w==","AA==","AA=="]}', `${INVALID}Input collection [/w==, AA==, AA==]of type BS contains duplicates.`],
    ['{"N":""}', "The parameter cannot be converted to a numeric value"],
  ])("%s has an older message", (sent, message) => {
    expect.assertions(1);
    try {
      normalizeValue(wire(sent));
    } catch (error) {
      expect((error as InvalidValue).olderMessage).toBe(message);
    }
  });

  test.each([
    ['{"S":1}', "NUMBER_VALUE cannot be converted to String"],
    ['{"N":1.5}', "DECIMAL_VALUE cannot be converted to String"],
    ['{"S":true}', "TRUE_VALUE cannot be converted to String"],
    ['{"SS":[{}]}', "Start of structure or map found where not expected."],
    ['{"SS":"a"}', "Unexpected field type"],
    ['{"L":{}}', "Start of structure or map found where not expected."],
    ['{"M":"a"}', "Unexpected field type"],
    ['{"M":{"a":"b"}}', "Unexpected value type in payload"],
    ['{"L":[1]}', "Unexpected value type in payload"],
    ['{"BOOL":"x"}', "Unexpected token received from parser"],
    ['{"B":1}', "only base-64-encoded strings are convertible to bytes"],
    ['{"B":"abc"}', "Base64 encoded length is expected a multiple of 4 bytes but found: 3"],
    ['{"B":"ab-_"}', "Invalid Base64 character"],
    ['{"B":"a==="}', "Invalid Base64 character"],
    ['{"B":"====" }', "Invalid Base64 character"],
    ["[]", "Unexpected value type in payload"],
    ['"a"', "Unexpected value type in payload"],
  ])("%s is no value at all", (sent, message) => {
    expect(() => normalizeValue(wire(sent))).toThrow(new TableSerialization(message));
  });

  test("32 levels are the deepest", () => {
    const nested = (levels: number) => wire(`${'{"M":{"a":'.repeat(levels)}{"S":"leaf"}${"}}".repeat(levels)}`);
    expect(normalizeValue(nested(31))).toBeDefined();
    expect(() => normalizeValue(nested(32))).toThrow(
      "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit",
    );
    expect(() => normalizeValue(wire('{"L":['.repeat(5000) + "]}".repeat(5000)))).toThrow("Nesting Levels");
  });
});

describe("normalizeItem()", () => {
  test("gives a canonical item back as it is", () => {
    fc.assert(
      fc.property(anyItem(fc.constantFrom("a", "b", "__proto__", "constructor")), (item) => {
        expect(normalizeItem(item)).toBe(item);
      }),
      { numRuns: 200 },
    );
  });

  test("holds attributes named like properties of objects", () => {
    const item = normalizeItem(wire('{"__proto__":{"N":"1.0"},"constructor":{"S":"x"},"b":{"N":"2.0"}}'));
    expect(JSON.stringify(item)).toBe('{"__proto__":{"N":"1"},"constructor":{"S":"x"},"b":{"N":"2"}}');
    expect(Object.getPrototypeOf(item)).toBe(Object.prototype);
    expect(attributeOf(item, "__proto__")).toEqual({ N: "1" });
    expect(attributeOf({}, "constructor")).toBeUndefined();
    const copy = {};
    setAttribute(copy, "__proto__", { S: "x" });
    expect(Object.keys(copy)).toEqual(["__proto__"]);
  });
});

test("typeOf() names the type", () => {
  expect(typeOf({ NULL: true })).toBe("NULL");
  expect(typeOf({ SS: ["a"] })).toBe("SS");
});

describe("sizes", () => {
  test.each([
    ['{"S":"é"}', 2],
    ['{"B":"YQ=="}', 1],
    ['{"B":"YWI="}', 2],
    ['{"B":"YWJj"}', 3],
    ['{"B":""}', 0],
    ['{"BOOL":true}', 1],
    ['{"NULL":true}', 1],
    ['{"N":"1"}', 2],
    ['{"SS":["a","bc"]}', 3],
    ['{"NS":["1","123"]}', 5],
    ['{"L":[]}', 3],
    ['{"L":[{"S":"a"},{"N":"1"}]}', 8],
    ['{"M":{}}', 3],
    ['{"M":{"ab":{"S":"c"}}}', 7],
  ])("%s has %d bytes", (value, size) => {
    expect(valueSize(normalizeValue(wire(value)))).toBe(size);
  });

  test("an item counts its names", () => {
    expect(itemSize({ id: { S: "abc" }, é: { N: "1" } })).toBe(9);
  });
});
