import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instanceIdOfPlace, openStateDirectory } from "./state-directory.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a gateway is the same after a restart, and its identity is its own", () => {
  const path = join(folder, "new", "state");
  const first = openStateDirectory(path);
  first.release();
  const second = openStateDirectory(path);
  second.release();
  expect(second.instanceId).toBe(first.instanceId);
  expect(statSync(join(path, "instance-id")).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const other = openStateDirectory(join(folder, "other"));
  other.release();
  expect(other.instanceId).not.toBe(first.instanceId);
});

test("two gateways do not share a directory", () => {
  const first = openStateDirectory(folder);
  expect(() => openStateDirectory(folder)).toThrow("another gateway runs from");
  first.release();
  openStateDirectory(folder).release();
});

test("a damaged identity is not replaced by a new one", () => {
  writeFileSync(join(folder, "instance-id"), "gwi_");
  expect(() => openStateDirectory(folder)).toThrow("instance-id is damaged");
  rmSync(join(folder, "instance-id"));
  // The lock was given back.
  openStateDirectory(folder).release();
});

test("without a directory a place is an identity, unless it is any free port", () => {
  expect(instanceIdOfPlace(["prj", "host"], 8080)).toBe(instanceIdOfPlace(["prj", "host"], 8080));
  expect(instanceIdOfPlace(["prj", "host"], 8080)).not.toBe(instanceIdOfPlace(["prj", "host"], 8081));
  expect(instanceIdOfPlace(["prj", "host"], 0)).not.toBe(instanceIdOfPlace(["prj", "host"], 0));
});
