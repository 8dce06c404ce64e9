import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { bareEtag, etagListMatches, multipartEtag } from "./etags.ts";

test("bareEtag() takes quotes and the weak mark away", () => {
  expect(bareEtag('"abc"')).toBe("abc");
  expect(bareEtag("abc")).toBe("abc");
  expect(bareEtag('W/"abc"')).toBe("abc");
  expect(bareEtag('"')).toBe('"');
});

test("etagListMatches() reads lists and the asterisk", () => {
  expect(etagListMatches('"a", "b"', "b")).toBe(true);
  expect(etagListMatches("a,b", "c")).toBe(false);
  expect(etagListMatches(" * ", "anything")).toBe(true);
});

test("multipartEtag() hashes the raw digests and keeps -1 for one part", () => {
  const md5 = (data: string | Buffer) => createHash("md5").update(data);
  const a = md5("a").digest("hex");
  const b = md5("b").digest("hex");
  expect(multipartEtag([a, b])).toBe(`${md5(Buffer.from(a + b, "hex")).digest("hex")}-2`);
  expect(multipartEtag([a])).toBe(`${md5(Buffer.from(a, "hex")).digest("hex")}-1`);
});
