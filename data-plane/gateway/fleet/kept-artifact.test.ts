import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepArtifact, readKeptArtifact } from "./kept-artifact.ts";
import { artifactNamed } from "./testing/fleet-server.ts";

let folder: string;
let path: string;
const artifact = artifactNamed("one");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-kept-"));
  path = join(folder, "kept.bca");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was kept is read, for its project alone", async () => {
  expect(readKeptArtifact(path, "p")).toBeUndefined();
  // What a crash left behind.
  writeFileSync(`${path}.tmp`, "half", { mode: 0o644 });
  await keepArtifact(path, { projectId: "p", ...artifact });
  expect(readKeptArtifact(path, "p")).toEqual({
    projectId: "p",
    digest: artifact.digest,
    bytes: Buffer.from(artifact.bytes),
  });
  expect(readKeptArtifact(path, "q")).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.tmp`)).toBe(false);
});

test("the later one takes the place of the earlier", async () => {
  await keepArtifact(path, { projectId: "p", ...artifact });
  const later = artifactNamed("two");
  await keepArtifact(path, { projectId: "p", ...later });
  expect(readKeptArtifact(path, "p")).toMatchObject({ digest: later.digest });
});

test.each<[string, (file: Buffer) => Buffer]>([
  ["cut short", (file) => file.subarray(0, file.length - 20)],
  ["empty", () => Buffer.alloc(0)],
  ["something else", () => Buffer.from("biplane-kept-artifact 2 p x\n")],
  ["without its first line", (file) => file.subarray(file.indexOf(0x0a) + 1)],
  [
    "another artifact under this digest",
    (file) => Buffer.concat([file.subarray(0, file.indexOf(0x0a) + 1), artifactNamed("other").bytes]),
  ],
])("a file that is %s is damaged", async (_, change) => {
  await keepArtifact(path, { projectId: "p", ...artifact });
  writeFileSync(path, change(readFileSync(path)));
  expect(readKeptArtifact(path, "p")).toBe("damaged");
});

test("a folder that is not there is an error of the system", async () => {
  await expect(keepArtifact(join(folder, "no", "x"), { projectId: "p", ...artifact })).rejects.toThrow("ENOENT");
});
