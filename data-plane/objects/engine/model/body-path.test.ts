import { expect, test } from "bun:test";
import { resolve } from "node:path";
import fc from "fast-check";
import { bodyOfStagingName, bodyPath, bucketDirectoryName, readableName } from "./body-path.ts";
import { encodeKey } from "./key-order.ts";

test("no key leaves its directory, has a separator, is hidden, or is too long for a file system", () => {
  const hostile = fc.array(fc.constantFrom("..", "/", "\\", "\u0000", ".", "~", "%", "é", "😀", "a", " ", "\n"), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(hostile, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (pieces, body) => {
      const path = bodyPath("bucket", encodeKey(pieces.join("")), body, 10_000);
      expect(resolve("/root", path)).toBe(`/root/${path}`);
      const name = path.split("/").at(-1)!;
      expect(path.split("/")).toHaveLength(4);
      expect(name).toMatch(/^[A-Za-z0-9._=@,+%~-]+$/);
      expect(name).not.toMatch(/^\./);
      expect(name.length).toBeLessThanOrEqual(255);
    }),
  );
});

test("names stay readable", () => {
  expect(bodyPath("photos", encodeKey("2024/cat.jpg"), 1, 0)).toBe("buckets/photos/00/2024%2Fcat.jpg~1");
  expect(bodyPath("photos", encodeKey("a"), 1024 * 255, 7)).toBe("buckets/photos/ff/a~261120.part00007");
  expect(bodyPath("photos", encodeKey("a"), 1024 * 256, 0)).toBe("buckets/photos/00/a~262144");
  expect(readableName(encodeKey("..~%"))).toBe("%2E.%7E%25");
});

test("bucket names cannot leave the buckets' directory", () => {
  expect(bucketDirectoryName("..")).toBe("%2E.");
  expect(bucketDirectoryName("a/b")).toBe("a%2Fb");
  expect(bucketDirectoryName("")).not.toBe("");
});

test("only names that this engine gives are bodies in staging", () => {
  expect(bodyOfStagingName("17")).toBe(17);
  for (const name of ["0", "017", "17.tmp", "", "-1", "1e3", "9".repeat(16)]) {
    expect(bodyOfStagingName(name)).toBeUndefined();
  }
});
