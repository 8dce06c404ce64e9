import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "#foundation/runtime";
import { equalInConstantTime } from "./constant-time.ts";
import { CryptoError } from "./crypto-error.ts";
import { createKeyFile, readKeyFile } from "./key-file.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "biplane-crypto-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function codeOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return error instanceof CryptoError ? error.code : String(error);
  }
  return undefined;
}

describe("key files", () => {
  test("createKeyFile() writes mode 0600, keeps an existing key, leaves nothing behind", () => {
    const path = join(directory, "a", "master.key");
    const key = createKeyFile(path, systemRandom);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(createKeyFile(path, systemRandom).equals(key)).toBe(true);
    expect(readKeyFile(path).equals(key)).toBe(true);
    expect(readdirSync(join(directory, "a"))).toEqual(["master.key"]);
  });

  test("readKeyFile() refuses what others may read, links, directories, rubbish and nothing", () => {
    const path = join(directory, "b.key");
    createKeyFile(path, systemRandom);
    for (const mode of [0o640, 0o604, 0o620, 0o666, 0o601]) {
      chmodSync(path, mode);
      expect(codeOf(() => readKeyFile(path))).toBe("KeyFileTooOpen");
    }
    chmodSync(path, 0o400);
    expect(codeOf(() => readKeyFile(path))).toBeUndefined();
    const link = join(directory, "link.key");
    symlinkSync(path, link);
    expect(codeOf(() => readKeyFile(link))).toBe("KeyFileTooOpen");
    expect(codeOf(() => readKeyFile(directory))).toBe("KeyFileTooOpen");
    const rubbish = join(directory, "rubbish.key");
    writeFileSync(rubbish, "hello", { mode: 0o600 });
    expect(codeOf(() => readKeyFile(rubbish))).toBe("InvalidKey");
    expect(codeOf(() => readKeyFile(join(directory, "absent.key")))).toBe("KeyFileMissing");
  });
});

describe("equalInConstantTime()", () => {
  test("compares texts and bytes", () => {
    expect(equalInConstantTime("abc", "abc")).toBe(true);
    expect(equalInConstantTime("abc", "abd")).toBe(false);
    expect(equalInConstantTime("abc", "ab")).toBe(false);
    expect(equalInConstantTime(new Uint8Array([1]), new Uint8Array([1]))).toBe(true);
    expect(equalInConstantTime("", "")).toBe(true);
  });
});
