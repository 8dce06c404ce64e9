import { expect, test } from "bun:test";
import { parseCopySource } from "./copy-source.ts";

test("parseCopySource() reads the forms that clients send", () => {
  expect(parseCopySource("b/k")).toEqual({ bucket: "b", key: "k" });
  expect(parseCopySource("/b/k/l")).toEqual({ bucket: "b", key: "k/l" });
  expect(parseCopySource("/b//k")).toEqual({ bucket: "b", key: "/k" });
  expect(parseCopySource("b%2Fk%2Fl")).toEqual({ bucket: "b", key: "k/l" });
  expect(parseCopySource("b/a%20b+c%C3%A9")).toEqual({ bucket: "b", key: "a b+cé" });
  expect(parseCopySource("b/k?versionId=v1")).toEqual({ bucket: "b", key: "k", versionId: "v1" });
  expect(parseCopySource("b/what%3FversionId=x")).toEqual({ bucket: "b", key: "what?versionId=x" });
  expect(parseCopySource("b/k?versionId=null")).toEqual({ bucket: "b", key: "k", versionId: "null" });
});

test("parseCopySource() refuses the rest", () => {
  for (const bad of ["", "/", "b", "b/", "/b/", "//k"]) {
    expect(() => parseCopySource(bad)).toThrow("Copy Source must mention");
  }
  expect(() => parseCopySource("b/%E0%A4%A")).toThrow("encoding");
  expect(() => parseCopySource("b/k?versionId=")).toThrow("empty");
  expect(() => parseCopySource("arn:aws:s3:us-east-1:123456789012:accesspoint/ap/object/k")).toThrow("ARNs");
  expect(() => parseCopySource("arn%3Aaws%3As3:us-east-1:1:accesspoint/ap/object/k")).toThrow("ARNs");
});
