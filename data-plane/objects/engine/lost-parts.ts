/** A directory that has lost a part must not be taken for a new one: beginning anew would write over what is left. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { SqlError } from "#foundation/sql";

/**
 * To be called before anything is made. `master.key` is made before `objects.db`, and that before the first body, so that a crash of a first start leaves nothing
 * that is refused here.
 *
 * @throws SqlError Corrupt when there are bodies without records, or records without the key
 */
export function refuseLostParts(root: string): void {
  const holds = (name: string): boolean => existsSync(join(root, name)) && readdirSync(join(root, name)).length > 0;
  // A crash of a first start may leave an empty file, which is none.
  if ((statSync(join(root, "objects.db"), { throwIfNoEntry: false })?.size ?? 0) > 0) {
    if (existsSync(join(root, "master.key"))) return;
    throw new SqlError(
      "Corrupt",
      `${join(root, "master.key")} is missing: without it no encrypted object can be read; restore it from a backup`,
    );
  }
  if (!holds("buckets") && !holds("staging")) return;
  throw new SqlError(
    "Corrupt",
    `${join(root, "objects.db")} is missing, but bodies of objects are there; restore it from a backup, or move ${root} away to begin anew`,
  );
}
