/** Reads files below one folder. */
import { readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import type { ReadFile } from "./document-set.ts";

/**
 * A reader for {@link loadApiDescriptions}. Links are followed as long as they stay in the folder.
 *
 * @param folder the only one that is read from
 */
export function directoryReader(folder: string): ReadFile {
  const root = realpathSync(folder);
  return (path) => {
    let real: string;
    try {
      real = realpathSync(join(root, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new Error("it is a link out of the folder");
    }
    return readFileSync(real);
  };
}
