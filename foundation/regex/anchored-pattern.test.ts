import { expect, test } from "bun:test";
import { anchoredPattern } from "./anchored-pattern.ts";
import { UnusablePattern } from "./syntax.ts";

test.each([
  ["^/v1/([^/]+)/items/(.*)$", "/v1/shop/items/a/b", "/$1/$2", "/shop/a/b"],
  ["^/old", "/old/a", "/new", "/new/a"],
  ["^(/v\\d+)/x", "/v12/x/y", "$1", "/v12/y"],
  ["^/a?b", "/b", "/c", "/c"],
  ["^/[a-z]*[0-9]*/", "/ab12/", "/", "/"],
])("%s", (source, text, replacement, expected) => {
  expect(text.replace(anchoredPattern(source), replacement)).toBe(expected);
});

test.each([
  "/a",
  "^(a+)+$",
  "^.*/x",
  "^[a-z]+[a-m]+$",
  "^(ab|cd)",
  "^(ab)*",
  "^(?=a)",
  "^(a)\\1",
  "^[a-z]*[0-9]*[a-z]",
  "^(",
  "^a{300}",
])("%s is refused", (source) => {
  expect(() => anchoredPattern(source)).toThrow(UnusablePattern);
});

test("a long text that almost matches takes no longer for it", () => {
  const pattern = anchoredPattern("^/([^/]*)/([^/]*)/([^/]*)/([^/]*)/end$");
  // With going back at each of them this would never end.
  expect(
    pattern.test(`/${"a".repeat(200_000)}/${"a".repeat(200_000)}/${"a".repeat(200_000)}/${"a".repeat(200_000)}/en`),
  ).toBe(false);
});
