/**
 * The manifest on the disk: written beside, synced, renamed.
 */
import { type Disk, DiskError } from "#foundation/runtime";
import { decodeManifest, encodeManifest, type Manifest } from "./format/manifest.ts";

export const MANIFEST = "manifest";
const TEMPORARY = "manifest.tmp";

/** Undefined when there is none. @throws EngineCorruptionError, DiskError */
export async function readManifest(disk: Disk, directory: string): Promise<Manifest | undefined> {
  const path = `${directory}/${MANIFEST}`;
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, "read");
  try {
    return decodeManifest(await file.read(0, await file.size()), path);
  } finally {
    await file.close();
  }
}

/** Puts a manifest in place; everything in the directory that it names is durable with it. */
export async function writeManifest(disk: Disk, directory: string, manifest: Manifest): Promise<void> {
  const temporary = `${directory}/${TEMPORARY}`;
  const file = await disk.open(temporary, "replace");
  try {
    await file.write(0, encodeManifest(manifest));
    // The names of new runs must not be lost where the name of the manifest that knows them is kept.
    await Promise.all([file.sync(), disk.syncDirectory(directory)]);
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${directory}/${MANIFEST}`);
  await disk.syncDirectory(directory);
}

/** Whether the disk has refused to take more, before anything that counts was touched: the same may be tried again. */
export function isRefusedForSpace(error: unknown): boolean {
  if (!(error instanceof DiskError) || !error.retryable) return false;
  return error.operation === "open" || error.operation === "write" || error.operation === "append";
}
