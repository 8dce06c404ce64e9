import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import { type WatchedFile, watchFile } from "./watched-file.ts";

let folder: string;
let time: VirtualTime;
let watched: WatchedFile | undefined;
let seen: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-artifact-"));
  time = createVirtualTime(0);
  seen = [];
});
afterEach(() => {
  watched?.close();
  rmSync(folder, { recursive: true, force: true });
});

function watch(path: string): void {
  watched = watchFile({
    path,
    timers: time.timers,
    onContents: (bytes) => seen.push(Buffer.from(bytes).toString()),
    onUnreadable: () => seen.push("unreadable"),
  });
}

test("a file that is renamed over, and one that is written in place", () => {
  const path = join(folder, "api.bca");
  writeFileSync(path, "one");
  watch(path);
  time.advance(2_000);
  expect(seen).toEqual([]);
  writeFileSync(join(folder, "new"), "two");
  renameSync(join(folder, "new"), path);
  time.advance(500);
  writeFileSync(path, "three!");
  time.advance(500);
  expect(seen).toEqual(["two", "three!"]);
});

test("a link that leads elsewhere, as Kubernetes replaces mounted files", () => {
  for (const version of ["1", "2"]) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "api.bca"), `contents ${version}`);
  }
  symlinkSync("1", join(folder, "..data"));
  symlinkSync("..data/api.bca", join(folder, "api.bca"));
  watch(join(folder, "api.bca"));
  symlinkSync("2", join(folder, "..next"));
  renameSync(join(folder, "..next"), join(folder, "..data"));
  time.advance(500);
  expect(seen).toEqual(["contents 2"]);
});

test("a file that goes away is told of once, and read when it is back", () => {
  const path = join(folder, "api.bca");
  writeFileSync(path, "one");
  watch(path);
  unlinkSync(path);
  time.advance(5_000);
  expect(seen).toEqual(["unreadable"]);
  writeFileSync(path, "two");
  time.advance(500);
  expect(seen).toEqual(["unreadable", "two"]);
});

test("being told to look reads what has not changed", () => {
  const path = join(folder, "api.bca");
  writeFileSync(path, "one");
  watch(path);
  watched!.look();
  expect(seen).toEqual(["one"]);
});
