/** Removes what a path names, with all below it, except what must stay. Follows no link. */

import { lstatSync } from "node:fs";
import { readdir, rmdir, unlink } from "node:fs/promises";

export interface Removal {
  /** Real paths that stay, and with them the directories above. */
  readonly keep: ReadonlySet<string>;
  /** Called for each directory and link that has gone. */
  readonly removed: (path: string) => void;
}

/** Resolves to whether something stayed. A path that names nothing is no mistake. */
export async function removeTree(path: string, removal: Removal): Promise<boolean> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) {
    if (removal.keep.has(path)) return true;
    await unlink(path);
    if (stat.isSymbolicLink()) removal.removed(path);
    return false;
  }
  const stayed = await emptyDirectory(path, removal);
  if (stayed || removal.keep.has(path)) return true;
  await rmdir(path);
  removal.removed(path);
  return false;
}

/** Removes everything below a directory, except what must stay. Resolves to whether something stayed. */
export async function emptyDirectory(path: string, removal: Removal): Promise<boolean> {
  let stayed = false;
  for (const name of await readdir(path)) stayed = (await removeTree(`${path}/${name}`, removal)) || stayed;
  return stayed;
}
