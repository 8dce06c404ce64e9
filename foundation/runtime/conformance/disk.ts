/**
 * Conformance of disks. What a crash keeps cannot be asked of a real disk here; the simulation has tests of its own for it.
 */

import { expect, test } from "bun:test";
import type { Disk } from "../ports/disk.ts";
import { bytesOf, expectCode, type InWorld, textOf } from "./harness.ts";

async function put(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, "replace");
  await file.write(0, bytesOf(text));
  await file.close();
}

async function get(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, "read");
  const bytes = await file.read(0, await file.size());
  await file.close();
  return textOf(bytes);
}

/** Registers the tests. */
export function diskConformance(inWorld: InWorld): void {
  test("bytes written are read back at any offset, short only at the end", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const file = await disk.open(`${directory}/a`, "createNew");
      await file.write(0, bytesOf("hello world"));
      expect(textOf(await file.read(0, 5))).toBe("hello");
      expect(textOf(await file.read(6, 100))).toBe("world");
      expect((await file.read(11, 1)).length).toBe(0);
      expect((await file.read(5000, 10)).length).toBe(0);
      expect((await file.read(0, 0)).length).toBe(0);
      await file.write(6, bytesOf("there"));
      expect(textOf(await file.read(0, 100))).toBe("hello there");
      await file.sync();
      await file.close();
      expect(await get(disk, `${directory}/a`)).toBe("hello there");
    }));

  test("a gap left by a write beyond the end reads as zeros", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const file = await disk.open(`${directory}/a`, "create");
      await file.write(2000, bytesOf("x"));
      expect(await file.size()).toBe(2001);
      const gap = await file.read(0, 2001);
      expect(gap.subarray(0, 2000).every((byte) => byte === 0)).toBe(true);
      expect(gap[2000]).toBe("x".charCodeAt(0));
      await file.close();
    }));

  test("appends in flight together get consecutive offsets in order of the calls", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      await put(disk, `${directory}/log`, "start ");
      const file = await disk.open(`${directory}/log`, "create");
      expect(await Promise.all(["one ", "two ", "three"].map((text) => file.append(bytesOf(text))))).toEqual([
        6, 10, 14,
      ]);
      expect(textOf(await file.read(0, 100))).toBe("start one two three");
      await file.write(19, bytesOf("!"));
      expect(await file.append(bytesOf("?"))).toBe(20);
      await file.close();
    }));

  test("truncate cuts, extends with zeros, and moves where appends go", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const file = await disk.open(`${directory}/a`, "create");
      await file.append(bytesOf("abcdef"));
      await file.truncate(3);
      expect(textOf(await file.read(0, 10))).toBe("abc");
      await file.truncate(5);
      expect(await file.read(0, 10)).toEqual(new Uint8Array([97, 98, 99, 0, 0]));
      expect(await file.append(bytesOf("g"))).toBe(5);
      await file.close();
    }));

  test("open modes ask for what they say", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const path = `${directory}/a`;
      await expectCode(disk.open(path, "read"), "ENOENT");
      await expectCode(disk.open(path, "modify"), "ENOENT");
      await (await disk.open(path, "createNew")).close();
      await expectCode(disk.open(path, "createNew"), "EEXIST");
      await put(disk, path, "kept");
      await (await disk.open(path, "create")).close();
      await (await disk.open(path, "modify")).close();
      expect(await get(disk, path)).toBe("kept");
      await (await disk.open(path, "replace")).close();
      expect(await get(disk, path)).toBe("");
      const reader = await disk.open(path, "read");
      await expectCode(reader.write(0, bytesOf("x")), "EBADF");
      await expectCode(reader.append(bytesOf("x")), "EBADF");
      await expectCode(reader.truncate(0), "EBADF");
      await reader.close();
      await expectCode(disk.open(directory, "read"), "EISDIR");
      await expectCode(disk.open(`${path}/below`, "create"), "ENOTDIR");
      await expectCode(disk.open(`${directory}/missing/file`, "create"), "ENOENT");
    }));

  test("a closed file refuses use, closing twice is harmless, calls in flight finish first", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const file = await disk.open(`${directory}/a`, "create");
      const write = file.write(0, bytesOf("late"));
      const close = file.close();
      await expectCode(file.read(0, 1), "EBADF");
      await Promise.all([write, close, file.close()]);
      await expectCode(file.sync(), "EBADF");
      expect(await get(disk, `${directory}/a`)).toBe("late");
    }));

  test("rename moves, replaces a file atomically, and refuses what makes no sense", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      await put(disk, `${directory}/a`, "new");
      await put(disk, `${directory}/b`, "old");
      await disk.rename(`${directory}/a`, `${directory}/b`);
      expect(await disk.exists(`${directory}/a`)).toBe(false);
      expect(await get(disk, `${directory}/b`)).toBe("new");
      await expectCode(disk.rename(`${directory}/a`, `${directory}/c`), "ENOENT");
      await disk.makeDirectory(`${directory}/d`);
      await expectCode(disk.rename(`${directory}/b`, `${directory}/d`), "EISDIR");
      await disk.rename(`${directory}/b`, `${directory}/d/moved`);
      expect(await disk.readDirectory(`${directory}/d`)).toEqual(["moved"]);
      await disk.rename(`${directory}/d`, `${directory}/e`);
      expect(await get(disk, `${directory}/e/moved`)).toBe("new");
      await expectCode(disk.rename(`${directory}/e`, `${directory}/e/inside`), "EINVAL");
    }));

  test("an open file outlives its name", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      await put(disk, `${directory}/a`, "still here");
      const file = await disk.open(`${directory}/a`, "read");
      await disk.unlink(`${directory}/a`);
      expect(await disk.exists(`${directory}/a`)).toBe(false);
      expect(textOf(await file.read(0, 100))).toBe("still here");
      await file.close();
      await expectCode(disk.unlink(`${directory}/a`), "ENOENT");
    }));

  test("directories are made, listed in order, and removed when empty", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const path = `${directory}/d`;
      await disk.makeDirectory(path);
      await expectCode(disk.makeDirectory(path), "EEXIST");
      await expectCode(disk.makeDirectory(`${directory}/x/y`), "ENOENT");
      for (const name of ["b", "a", "B", "10", "9"]) await put(disk, `${path}/${name}`, name);
      expect(await disk.readDirectory(path)).toEqual(["10", "9", "B", "a", "b"]);
      await expectCode(disk.removeDirectory(path), "ENOTEMPTY");
      await expectCode(disk.unlink(path), "EISDIR");
      await expectCode(disk.removeDirectory(`${path}/a`), "ENOTDIR");
      await expectCode(disk.readDirectory(`${path}/a`), "ENOTDIR");
      for (const name of await disk.readDirectory(path)) await disk.unlink(`${path}/${name}`);
      await disk.syncDirectory(path);
      await disk.removeDirectory(path);
      await expectCode(disk.readDirectory(path), "ENOENT");
      await expectCode(disk.syncDirectory(path), "ENOENT");
    }));

  test("stat and exists tell files, directories and nothing apart", () =>
    inWorld(async ({ runtime: { disk, clock }, directory }) => {
      await put(disk, `${directory}/a`, "12345");
      const stat = await disk.stat(`${directory}/a`);
      expect(stat).toMatchObject({ kind: "file", sizeBytes: 5 });
      expect(Math.abs(stat.modifiedMs - clock.now())).toBeLessThan(60_000);
      expect((await disk.stat(directory)).kind).toBe("directory");
      await expectCode(disk.stat(`${directory}/b`), "ENOENT");
      expect(await disk.exists(directory)).toBe(true);
      expect(await disk.exists(`${directory}/b`)).toBe(false);
      expect(await disk.exists(`${directory}/a/below`)).toBe(false);
    }));

  test("space is free and less than the total", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      const space = await disk.space(directory);
      expect(space.totalBytes).toBeGreaterThan(0);
      expect(space.freeBytes).toBeGreaterThan(0);
      expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
    }));

  test("nonsense arguments are refused as EINVAL", () =>
    inWorld(async ({ runtime: { disk }, directory }) => {
      await expectCode(disk.open(`${directory}/a\0b`, "create"), "EINVAL");
      await expectCode(disk.open("relative", "create"), "EINVAL");
      const file = await disk.open(`${directory}/a`, "create");
      await expectCode(file.read(-1, 1), "EINVAL");
      await expectCode(file.read(0, -1), "EINVAL");
      await expectCode(file.write(1.5, bytesOf("x")), "EINVAL");
      await expectCode(file.truncate(-1), "EINVAL");
      await file.close();
    }));
}
