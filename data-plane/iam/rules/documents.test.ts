import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeDocument } from "./documents.ts";

test("everything but RFC 3986's unreserved characters is escaped", () => {
  expect(encodeDocument('{"Action": "s3:*", "Sid": "it\'s (so)!~-._"}')).toBe(
    "%7B%22Action%22%3A%20%22s3%3A%2A%22%2C%20%22Sid%22%3A%20%22it%27s%20%28so%29%21~-._%22%7D",
  );
  expect(encodeDocument("a+b%20\r\n\tü")).toBe("a%2Bb%2520%0D%0A%09%C3%BC");
});

test("every client's decoder gives the document back, byte for byte", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (document) => {
      const encoded = encodeDocument(document);
      expect(encoded).toMatch(/^[A-Za-z0-9\-._~%]*$/);
      expect(decodeURIComponent(encoded)).toBe(document);
      // Decoders of forms (Python's unquote_plus, Go's QueryUnescape) take a plus sign for a space.
      expect(new URLSearchParams(`d=${encoded}`).get("d")).toBe(document);
    }),
  );
});
