/** Where the cloud of a command lives on this machine. */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";

export const DATA_ENVIRONMENT_VARIABLE = "BIPLANE_DATA";

/** No directory was named and none can be derived. */
export class DataDirectoryUnknown extends Error {
  override readonly name = "DataDirectoryUnknown";
}

/** The folder that holds `apps/`: the clone when the program runs from one. */
const PROGRAM_ROOT = resolve(import.meta.dir, "../../..");

/**
 * The data directory, as an absolute path. It need not exist.
 *
 * In order: `--data`; `$BIPLANE_DATA`; `.biplane` at the root of the clone that the program runs from, wherever in it the command was
 * given, so that two clones are two clouds; `~/.biplane` for the built executable and for an installed package, which have no clone.
 *
 * @throws DataDirectoryUnknown when `HOME` would be needed and is not set.
 */
export function resolveDataDirectory(
  flags: { readonly data?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
  programRoot: string = PROGRAM_ROOT,
): string {
  if (flags.data !== undefined && flags.data !== "") return resolve(flags.data);
  const named = environment[DATA_ENVIRONMENT_VARIABLE];
  if (named !== undefined && named !== "") return resolve(named);
  if (isClone(programRoot)) return join(programRoot, ".biplane");
  const home = environment.HOME;
  if (home === undefined || !isAbsolute(home)) {
    throw new DataDirectoryUnknown(
      `HOME is not set: name the data directory with --data or ${DATA_ENVIRONMENT_VARIABLE}`,
    );
  }
  return join(home, ".biplane");
}

/** A package inside `node_modules` belongs to its package manager, which replaces it without asking: no place for data. */
function isClone(root: string): boolean {
  return !root.split(sep).includes("node_modules") && existsSync(join(root, "package.json"));
}
