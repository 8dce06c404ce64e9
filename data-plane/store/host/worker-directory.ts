/**
 * Workers on disk: each has a directory of its own, with a manifest that says what it is.
 *
 * ```
 * <directory>/<id>/manifest.json   { "format": 1, "id": "log-3-…", "kind": "log" }
 * <directory>/<id>/data/           what the worker keeps
 * <directory>/<id>.removed/        one that is being removed
 * ```
 */
import { type Disk, DiskError } from "#foundation/runtime";
import type { WorkerKind } from "#foundation/store-protocol";

export interface WorkerOnDisk {
  readonly id: string;
  readonly kind: WorkerKind;
  /** Where it keeps what it has. */
  readonly data: string;
}

const MANIFEST = "manifest.json";
const FORMAT = 1;
const REMOVED = ".removed";
/** Names of directories: nothing that leads elsewhere. */
const ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

export function isWorkerId(id: string): boolean {
  return ID.test(id);
}

/** The workers of an existing directory. What a crash has left half made or half removed is removed. @throws Error when a manifest cannot be read */
export async function readWorkers(disk: Disk, directory: string): Promise<readonly WorkerOnDisk[]> {
  const workers: WorkerOnDisk[] = [];
  for (const name of await disk.readDirectory(directory)) {
    const path = `${directory}/${name}`;
    if (name.endsWith(REMOVED) || !(await disk.exists(`${path}/${MANIFEST}`))) await removeTree(disk, path);
    else {
      workers.push(await readManifest(disk, path, name));
      await disk.syncDirectory(path);
    }
  }
  // Who made them may have been killed before their names were on disk; from now on they are used.
  await disk.syncDirectory(directory);
  return workers;
}

/** Makes the directory of a worker, durably. */
export async function makeWorker(disk: Disk, directory: string, id: string, kind: WorkerKind): Promise<WorkerOnDisk> {
  const path = `${directory}/${id}`;
  const data = `${path}/data`;
  await disk.makeDirectory(path);
  await disk.makeDirectory(data);
  // The manifest comes last: without it the directory is half made, and removed by the next start.
  const temporary = `${path}/${MANIFEST}.new`;
  const file = await disk.open(temporary, "replace");
  try {
    await file.write(0, new TextEncoder().encode(`${JSON.stringify({ format: FORMAT, id, kind })}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${path}/${MANIFEST}`);
  await disk.syncDirectory(path);
  await disk.syncDirectory(directory);
  return { id, kind, data };
}

/** Removes a worker and all it had. Whether it was there or not. */
export async function removeWorker(disk: Disk, directory: string, id: string): Promise<void> {
  const path = `${directory}/${id}`;
  if (!(await disk.exists(path))) return;
  const leaving = `${path}${REMOVED}`;
  if (await disk.exists(leaving)) await removeTree(disk, leaving);
  await disk.rename(path, leaving);
  await disk.syncDirectory(directory);
  await removeTree(disk, leaving);
}

async function readManifest(disk: Disk, path: string, name: string): Promise<WorkerOnDisk> {
  const file = await disk.open(`${path}/${MANIFEST}`, "read");
  let text: string;
  try {
    text = new TextDecoder().decode(await file.read(0, 4_096));
  } finally {
    await file.close();
  }
  let manifest: { format?: unknown; id?: unknown; kind?: unknown };
  try {
    manifest = JSON.parse(text) as typeof manifest;
  } catch {
    throw new Error(`${path}/${MANIFEST} is damaged: it is not JSON`);
  }
  const { format, id, kind } = manifest;
  if (format !== FORMAT) throw new Error(`${path}/${MANIFEST} is of format ${format}; this program knows ${FORMAT}`);
  if (id !== name || (kind !== "log" && kind !== "storage")) {
    throw new Error(`${path}/${MANIFEST} is damaged: it belongs to no worker of this directory`);
  }
  return { id: name, kind, data: `${path}/data` };
}

async function removeTree(disk: Disk, path: string): Promise<void> {
  try {
    if ((await disk.stat(path)).kind !== "directory") return await disk.unlink(path);
    for (const name of await disk.readDirectory(path)) await removeTree(disk, `${path}/${name}`);
    await disk.removeDirectory(path);
  } catch (error) {
    // Gone is gone.
    if (!(error instanceof DiskError && error.code === "ENOENT")) throw error;
  }
}
