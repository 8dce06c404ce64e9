import { afterEach, beforeEach, expect, test } from "bun:test";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalCa } from "./local-ca.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "biplane-ca-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("its certificates are those of an authority that signs for servers and for nothing else", async () => {
  const ca = await openLocalCa(directory);
  const { cert, key } = await ca.issue(["localhost", "shop.test", "a.b.test"]);
  const [authority, leaf] = [new X509Certificate(ca.certificate), new X509Certificate(cert)];
  expect(authority.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(authority)).toBe(true);
  expect(leaf.verify(createPublicKey(ca.certificate))).toBe(true);
  expect(leaf.subjectAltName).toBe("DNS:localhost, DNS:shop.test, DNS:a.b.test");
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(leaf.checkHost("shop.test")).toBe("shop.test");
  expect(leaf.checkHost("x.shop.test")).toBeUndefined();
  expect(key).toStartWith("-----BEGIN PRIVATE KEY-----");
  const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000;
  expect(days).toBeLessThan(200);
});

test("it is the same authority after a restart, and each certificate has a number of its own", async () => {
  const first = await openLocalCa(directory);
  const second = await openLocalCa(directory);
  expect(second.certificate).toBe(first.certificate);
  const leaves = await Promise.all([first.issue(["a.test"]), second.issue(["a.test"])]);
  const [one, two] = leaves.map(({ cert }) => new X509Certificate(cert));
  expect(one!.serialNumber).not.toBe(two!.serialNumber);
  expect(two!.verify(createPublicKey(first.certificate))).toBe(true);
});

test("only its owner reads its key; everybody may have its certificate", async () => {
  const ca = await openLocalCa(directory);
  expect(statSync(join(directory, "ca.key")).mode & 0o777).toBe(0o600);
  expect(statSync(ca.path).mode & 0o777).toBe(0o644);
  expect(readFileSync(ca.path, "utf8")).not.toContain("PRIVATE");
});
