import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeBase64, encodeBase64 } from "./base64.ts";

test("decodeBase64 reads what encodeBase64 writes", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => expect(decodeBase64(encodeBase64(bytes))).toEqual(new Uint8Array(bytes))),
  );
});

test("decodeBase64 refuses other spellings", () => {
  for (const text of ["a", "ab", "abc", "ab=c", "====", "a===", "ab c", "ab-_", "ab==ab==", "\u00e9abc", "YQ==\n"]) {
    expect(decodeBase64(text)).toBeUndefined();
  }
});
