/**
 * The directory of an embedded store:
 *
 * ```
 * format     one line that says what this is, and in which format
 * lock       held by the process that has it open
 * log/       the transaction log
 * storage/   the storage server
 * ```
 */
import { type Disk, DiskError } from "#foundation/runtime";
import { StoreOpenError } from "./open-error.ts";

const FORMAT = 1;
const LINE = /^biplane store, format ([1-9][0-9]{0,8})\n$/;
/** More than any line of ours. */
const LINE_BYTES_MAX = 100;

/** What there may be before the format is written: the lock, and what was left when that was interrupted. */
const BEFORE_FORMAT: readonly string[] = ["lock", "lock-journal", "format.temporary"];

/**
 * Looks, without changing anything, whether the directory is a store, or may become one: it is empty, or not there.
 *
 * @throws StoreOpenError foreign, newer_format, corrupt; DiskError
 */
export async function inspectDirectory(disk: Disk, path: string): Promise<"store" | "new"> {
  const names = await namesIn(disk, path);
  if (!names.includes("format")) {
    const foreign = names.find((name) => !BEFORE_FORMAT.includes(name));
    if (foreign === undefined) return "new";
    throw new StoreOpenError("foreign", `${path} is no store, and has ${foreign} in it; choose an empty directory`);
  }
  const file = await disk.open(`${path}/format`, "read");
  const line = new TextDecoder().decode(await file.read(0, LINE_BYTES_MAX).finally(() => file.close()));
  const format = LINE.exec(line)?.[1];
  if (format === undefined) throw new StoreOpenError("foreign", `${path}/format does not say that this is a store`);
  if (Number(format) > FORMAT) {
    throw new StoreOpenError(
      "newer_format",
      `${path} has the format ${format}; this program knows those up to ${FORMAT}`,
    );
  }
  return "store";
}

/** Makes the directory of a store of what was found to be new. Interrupted anywhere, it can be done again. */
export async function prepareDirectory(disk: Disk, path: string): Promise<void> {
  await makeDirectories(disk, path);
  const line = new TextEncoder().encode(`biplane store, format ${FORMAT}\n`);
  const file = await disk.open(`${path}/format.temporary`, "replace");
  try {
    await file.write(0, line);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}/format.temporary`, `${path}/format`);
  await disk.syncDirectory(path);
}

/** A directory within the store; there, and durable, afterwards. */
export async function ensureWithin(disk: Disk, path: string, name: string): Promise<string> {
  const directory = `${path}/${name}`;
  if (!(await disk.exists(directory))) await disk.makeDirectory(directory);
  // Also when it was there: whoever made it may have lost power before this.
  await disk.syncDirectory(path);
  return directory;
}

/** Makes the directory and those above it, as far as they are missing. */
export async function makeDirectories(disk: Disk, path: string): Promise<void> {
  if (path === "") return;
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (!(await disk.exists(path))) {
    await makeDirectories(disk, parent);
    await disk.makeDirectory(path);
  }
  // Also when it was there: whoever made it may have been killed before this.
  await syncNames(disk, parent === "" ? "/" : parent);
}

/** Who may not look into a directory may yet have one in it, which somebody else made. */
async function syncNames(disk: Disk, directory: string): Promise<void> {
  try {
    await disk.syncDirectory(directory);
  } catch (error) {
    if (!(error instanceof DiskError && error.code === "EACCES")) throw error;
  }
}

async function namesIn(disk: Disk, path: string): Promise<readonly string[]> {
  try {
    return await disk.readDirectory(path);
  } catch (error) {
    if (error instanceof DiskError && error.code === "ENOENT") return [];
    if (error instanceof DiskError && error.code === "ENOTDIR") {
      throw new StoreOpenError("foreign", `${path} is a file; a store is a directory`);
    }
    throw error;
  }
}
