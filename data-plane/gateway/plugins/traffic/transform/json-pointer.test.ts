import { describe, expect, test } from "bun:test";
import { parseExactly } from "./exact-json.ts";
import { parsePointer, putAt, removeAt } from "./json-pointer.ts";

function after(text: string, change: (root: unknown) => void): string {
  const root = parseExactly(text);
  change(root);
  return JSON.stringify(root);
}

describe("putting", () => {
  test.each([
    ['{"a":1}', "/a", '{"a":2}'],
    ["{}", "/a/b/c", '{"a":{"b":{"c":2}}}'],
    ['{"a":[1,3]}', "/a/0", '{"a":[2,3]}'],
    ['{"a":[1]}', "/a/-", '{"a":[1,2]}'],
    ['{"a":[1]}', "/a/1", '{"a":[1,2]}'],
    ['{"a":[1]}', "/a/5", '{"a":[1]}'],
    ['{"a":[1]}', "/a/01", '{"a":[1]}'],
    ['{"a":"x"}', "/a/b", '{"a":"x"}'],
    ["{}", "/a~1b~0c", '{"a/b~c":2}'],
    ["{}", "/", '{"":2}'],
    ["[1]", "/0", "[2]"],
    ["{}", "/constructor/x", '{"constructor":{"x":2}}'],
  ])("into %s at %s gives %s", (text, pointer, expected) => {
    expect(after(text, (root) => putAt(root, parsePointer(pointer), 2))).toBe(expected);
  });

  test("never changes what objects are made of", () => {
    const changed = after("{}", (root) => putAt(root, parsePointer("/__proto__/polluted"), 2));
    expect(changed).toBe('{"__proto__":{"polluted":2}}');
    expect("polluted" in {}).toBe(false);
  });
});

describe("removing", () => {
  test.each([
    ['{"a":1,"b":2}', "/a", '{"b":2}'],
    ['{"a":[1,2,3]}', "/a/1", '{"a":[1,3]}'],
    ['{"a":{"b":1}}', "/a/b", '{"a":{}}'],
    ['{"a":1}', "/b/c", '{"a":1}'],
    ['{"a":[1]}', "/a/-", '{"a":[1]}'],
    ['{"a":[1]}', "/a/length", '{"a":[1]}'],
    ['{"__proto__":1,"a":2}', "/__proto__", '{"a":2}'],
  ])("from %s at %s leaves %s", (text, pointer, expected) => {
    expect(after(text, (root) => removeAt(root, parsePointer(pointer)))).toBe(expected);
  });
});

test.each([
  '{"id":12345678901234567890,"x":1}',
  '{"price":1.10,"rate":1e400,"zero":-0}',
  '{"pi":3.14159265358979323846264338327950288}',
  '{"a":[1,2.5,true,null,"12345678901234567890"]}',
])("%s means the same after a change in another place", (text) => {
  const changed = after(text, (root) => {
    putAt(root, ["new"], 1);
    removeAt(root, ["new"]);
  });
  expect(changed).toBe(text);
});
