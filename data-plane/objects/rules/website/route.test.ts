import { expect, test } from "bun:test";
import type { S3 } from "#foundation/aws";
import { documentOf, keyOfPath, redirectAll, routeByRules } from "./route.ts";

const visit = { protocol: "http", host: "site.s3-website.localhost:4566" } as const;
const rules = (...RoutingRules: S3.RoutingRule[]): S3.WebsiteConfiguration => ({
  IndexDocument: { Suffix: "i.html" },
  RoutingRules,
});

test("keyOfPath() decodes once and survives broken coding", () => {
  expect(keyOfPath("/a%20b/c+d")).toBe("a b/c+d");
  expect(keyOfPath("/")).toBe("");
  expect(keyOfPath("/%E0%A4%A")).toBeUndefined();
});

test("redirectAll() keeps the path and, unless told, the protocol", () => {
  expect(redirectAll({ RedirectAllRequestsTo: { HostName: "example.com" } }, "/a%20b", visit)).toEqual({
    location: "http://example.com/a%20b",
    status: 301,
  });
  expect(redirectAll({ RedirectAllRequestsTo: { HostName: "x", Protocol: "https" } }, "/", visit)?.location).toBe(
    "https://x/",
  );
  expect(redirectAll(rules(), "/", visit)).toBeUndefined();
});

test("routeByRules() replaces prefixes and keys, before and after an error", () => {
  const site = rules(
    { Condition: { KeyPrefixEquals: "docs/" }, Redirect: { ReplaceKeyPrefixWith: "documents/" } },
    {
      Condition: { HttpErrorCodeReturnedEquals: "404", KeyPrefixEquals: "img/" },
      Redirect: { ReplaceKeyWith: "no image.png" },
    },
    {
      Condition: { HttpErrorCodeReturnedEquals: "404" },
      Redirect: { HostName: "example.com", HttpRedirectCode: "302", Protocol: "https" },
    },
  );
  expect(routeByRules(site, "docs/a", undefined, visit)).toEqual({
    location: "http://site.s3-website.localhost:4566/documents/a",
    status: 301,
  });
  expect(routeByRules(site, "other", undefined, visit)).toBeUndefined();
  expect(routeByRules(site, "img/x", 404, visit)?.location).toBe(
    "http://site.s3-website.localhost:4566/no%20image.png",
  );
  expect(routeByRules(site, "x", 404, visit)).toEqual({ location: "https://example.com/x", status: 302 });
  expect(routeByRules(site, "x", 403, visit)).toBeUndefined();
});

test("documentOf() names the index document of folders", () => {
  expect(documentOf(rules(), "")).toBe("i.html");
  expect(documentOf(rules(), "a/")).toBe("a/i.html");
  expect(documentOf(rules(), "a")).toBe("a");
});
