import { afterAll, afterEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { constants, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { createStagedFile } from "./staged-file.ts";

// A disk, where there is one: files in memory may take direct writes of any shape.
const directory = mkdtempSync(join(tmpdir(), "biplane-staged-file-"));
const path = join(directory, "body");
afterEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const KIB = 1024;
const MIB = 1024 * KIB;
/** Into the part of a file that is written directly. */
const LARGE = 10 * MIB;

/** Memory that begins at a page, which a large typed array does, or beside one. */
function memory(bytes: Uint8Array, offset: number): Uint8Array {
  const held = new Uint8Array(bytes.length + offset);
  held.set(bytes, offset);
  return held.subarray(offset);
}

async function write(content: Uint8Array, pieceBytes: number, offset = 0): Promise<void> {
  const file = await createStagedFile(path, 0o600);
  for (let at = 0; at < content.length; at += pieceBytes) {
    await file.write(memory(content.subarray(at, at + pieceBytes), offset));
  }
  await file.sync();
  await file.close();
}

test.each([
  ["an empty file", 0, 512 * KIB, 0],
  ["a small file", 5_000, 512 * KIB, 0],
  ["a large file in whole blocks", LARGE, 512 * KIB, 0],
  ["a large file with an odd end", LARGE + 12_345, 512 * KIB, 0],
  ["a large file in odd pieces", LARGE + 1, 300_001, 0],
  ["blocks again after an odd piece", LARGE, 8 * MIB + 4 * KIB + 1, 0],
  ["memory that is not aligned", LARGE, 512 * KIB, 1],
])("%s holds what was written", async (_, size, pieceBytes, offset) => {
  const content = randomBytes(size);
  await write(content, pieceBytes, offset);
  expect(Buffer.compare(readFileSync(path), content)).toBe(0);
});

test("a file that exists is not touched", async () => {
  await write(Buffer.from("first"), KIB);
  await expect(createStagedFile(path, 0o600)).rejects.toThrow("EEXIST");
  expect(readFileSync(path, "utf8")).toBe("first");
});

/** Whether a descriptor of this process on the file has O_DIRECT (proc_pid_fdinfo(5), "flags"). */
function isOpenDirectly(): boolean {
  return readdirSync("/proc/self/fd").some((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return false;
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
      return (Number.parseInt(flags, 8) & constants.O_DIRECT) !== 0;
    } catch {
      return false; // The descriptor that listed the directory is closed by now.
    }
  });
}

const directly = await open(join(directory, "probe"), constants.O_CREAT | constants.O_WRONLY | constants.O_DIRECT)
  .then((handle) => handle.close())
  .then(
    () => process.platform === "linux",
    () => false,
  );

const withDirectWrites = skipUnless(directly, "the file system of temporary files has no direct writes (O_DIRECT)");

withDirectWrites("only what lies far into a file goes past the cache", async () => {
  const file = await createStagedFile(path, 0o600);
  for (let at = 0; at < 8 * MIB; at += MIB) await file.write(new Uint8Array(MIB));
  expect(isOpenDirectly()).toBe(false);
  await file.write(new Uint8Array(MIB));
  expect(isOpenDirectly()).toBe(true);
  await file.close();
  expect(isOpenDirectly()).toBe(false);
});
