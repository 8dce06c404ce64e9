import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatReference, parseReference } from "./reference.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("parseReference()", () => {
  test.each([
    ["nginx", "docker.io/library/nginx:latest"],
    ["nginx:1.27", "docker.io/library/nginx:1.27"],
    ["me/app", "docker.io/me/app:latest"],
    ["index.docker.io/me/app", "docker.io/me/app:latest"],
    [`nginx@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`],
    [`nginx:1@${DIGEST}`, `docker.io/library/nginx:1@${DIGEST}`],
    ["localhost/app", "localhost/app:latest"],
    ["localhost:5000/a/b:x", "localhost:5000/a/b:x"],
    ["GHCR.io/a/b", "ghcr.io/a/b:latest"],
    ["[::1]:5000/app", "[::1]:5000/app:latest"],
    ["10.0.0.1/app__x/y-z", "10.0.0.1/app__x/y-z:latest"],
  ])("%s is %s", (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
  });

  test.each([
    "",
    "a b",
    "App",
    "a//b",
    "/a",
    "a/",
    "a:",
    "a:-x",
    `a:${"x".repeat(129)}`,
    "a@sha256:abc",
    "a@",
    "host:0/a",
    "host:65536/a",
    "host:/a",
    "-host.x/a",
    "a..b/c",
    "user@host/a",
    "http://host/a",
    "a/../b",
    "a/./b",
    "a:b\n",
    "a%2fb",
    `${"a".repeat(256)}`,
    "é",
    "localhost:5000",
    "x.y/",
    `a@${DIGEST}@${DIGEST}`,
    "[::1/a",
    "a_-b",
    "a\0b",
  ])("refuses %j", (text) => {
    // `localhost:5000` is the image `localhost` with the tag `5000`, as everywhere.
    if (text === "localhost:5000") expect(parseReference(text).tag).toBe("5000");
    else expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "image_reference_invalid" }));
  });

  test("takes any text quickly, and the canonical form of what it takes means the same", () => {
    const parts = fc.constantFrom(
      "a",
      "A",
      "0",
      ".",
      "-",
      "_",
      "/",
      ":",
      "@",
      "[",
      "]",
      "::1",
      "localhost",
      "sha256:",
      DIGEST,
      " ",
      "é",
      "\0",
    );
    const text = fc.array(parts, { maxLength: 40 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, (written) => {
        try {
          const reference = parseReference(written);
          expect(parseReference(formatReference(reference))).toEqual(reference);
        } catch (error) {
          expect(error).toMatchObject({ code: "image_reference_invalid" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
