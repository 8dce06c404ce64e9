import { expect, test } from "bun:test";
import { storedHeaders, withoutChunkedCoding } from "./stored-headers.ts";

test("withoutChunkedCoding() keeps what describes the object", () => {
  expect(withoutChunkedCoding("aws-chunked")).toBeUndefined();
  expect(withoutChunkedCoding("gzip,aws-chunked")).toBe("gzip");
  expect(withoutChunkedCoding("aws-chunked, gzip, br")).toBe("gzip,br");
  expect(withoutChunkedCoding("gzip")).toBe("gzip");
  expect(withoutChunkedCoding(undefined)).toBeUndefined();
});

test("storedHeaders() keeps Expires as sent and forgets STANDARD", () => {
  expect(storedHeaders({ StorageClass: "STANDARD", ContentType: "" })).toEqual({});
  expect(storedHeaders({ ExpiresString: "tomorrow" }).expires).toBe("tomorrow");
  expect(storedHeaders({ StorageClass: "STANDARD_IA" }).storageClass).toBe("STANDARD_IA");
});

test("storedHeaders() refuses archive classes and odd redirects", () => {
  expect(() => storedHeaders({ StorageClass: "DEEP_ARCHIVE" })).toThrow("storage class");
  expect(() => storedHeaders({ StorageClass: "nonsense" })).toThrow("storage class");
  expect(() => storedHeaders({ WebsiteRedirectLocation: "page.html" })).toThrow("prefix");
  expect(storedHeaders({ WebsiteRedirectLocation: "/page.html" }).websiteRedirectLocation).toBe("/page.html");
  expect(() => storedHeaders({ WebsiteRedirectLocation: `/${"a".repeat(2048)}` })).toThrow("length");
});
