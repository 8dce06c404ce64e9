/** Small files that are either there as a whole or not at all, also after a power cut. */
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

let written = 0;

function writeBeside(path: string, text: string, durable: boolean): string {
  written += 1;
  const beside = `${path}.${process.pid}-${written}.tmp`;
  const fd = openSync(beside, "wx", 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return beside;
}

export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes or replaces; on disk when it returns. */
export function replaceFile(path: string, value: unknown): void {
  renameSync(writeBeside(path, JSON.stringify(value), true), path);
  syncDirectory(dirname(path));
}

/** Writes only when there is none: of several who try, exactly one gets true, and never is half a file seen. */
export function claimFile(path: string, value: unknown): boolean {
  const beside = writeBeside(path, JSON.stringify(value), false);
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

/** The value of a file that these functions wrote; undefined when there is none. */
export function readJsonFile<Value>(path: string): Value | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Value;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The name of a system error (`ENOENT`). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
