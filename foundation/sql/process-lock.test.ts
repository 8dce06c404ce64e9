import { expect, test } from "bun:test";
import { join } from "node:path";
import { acquireProcessLock } from "./process-lock.ts";
import { errorCode } from "./sql-error.ts";
import { withDirectory } from "./testing/temporary-directory.ts";

const MODULE = join(import.meta.dir, "process-lock.ts");

function codeOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return errorCode(error);
  }
  return undefined;
}

test("acquireProcessLock() refuses while it is held, and succeeds after release()", () =>
  withDirectory((directory) => {
    const path = join(directory, "new", "lock");
    const lock = acquireProcessLock(path);
    expect(codeOf(() => acquireProcessLock(path))).toBe("Locked");
    lock.release();
    lock.release();
    acquireProcessLock(path).release();
  }));

test("a process that is killed leaves no lock behind", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "lock");
    const code = `const { acquireProcessLock } = await import(${JSON.stringify(MODULE)});
      acquireProcessLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000);`;
    const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
    try {
      await child.stdout.getReader().read();
      expect(codeOf(() => acquireProcessLock(path))).toBe("Locked");
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
    acquireProcessLock(path).release();
  }));

test("a lock whose handle was dropped is still held after a garbage collection", () =>
  withDirectory((directory) => {
    const path = join(directory, "lock");
    (() => void acquireProcessLock(path))();
    for (let turn = 0; turn < 3; turn += 1) Bun.gc(true);
    expect(codeOf(() => acquireProcessLock(path))).toBe("Locked");
  }));
