/** Which descriptions a command is about. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { usageError } from "../../cli/errors.ts";

export interface SpecFiles {
  /** What references may lead into, and what the files are named relative to. */
  readonly folder: string;
  /** With `/`, relative to the folder. */
  readonly files: readonly string[];
}

const DEFAULT_FOLDER = "specs";
const SPEC_NAME = /\.(ya?ml|json)$/i;

/**
 * Files and folders that were named; else the folder `specs` in this directory. They are read from this directory when they are all in it, else from the one that they share.
 *
 * @throws CodedError USAGE
 */
export function specFiles(named: readonly string[]): SpecFiles {
  const here = process.cwd();
  const paths = (named.length > 0 ? named : [DEFAULT_FOLDER]).flatMap((path) => {
    const absolute = resolve(here, path);
    const found = statSync(absolute, { throwIfNoEntry: false });
    if (found === undefined) {
      throw usageError(
        named.length > 0
          ? `There is no ${path}.`
          : `Which descriptions? Name their files, or put them into a folder ${DEFAULT_FOLDER} here (\`biplane gateway init\` makes one).`,
      );
    }
    return found.isDirectory() ? specsIn(absolute) : [absolute];
  });
  if (paths.length === 0) throw usageError(`No .yaml, .yml or .json in ${named.join(", ") || DEFAULT_FOLDER}.`);
  const folder = paths.every((path) => path.startsWith(here + sep)) ? here : sharedFolder(paths);
  return { folder, files: [...new Set(paths.map((path) => relative(folder, path).split(sep).join("/")))] };
}

function specsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => SPEC_NAME.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function sharedFolder(paths: readonly string[]): string {
  return paths
    .map((path) => dirname(path))
    .reduce((shared, folder) => {
      let found = shared;
      while (folder !== found && !folder.startsWith(found.endsWith(sep) ? found : found + sep)) found = dirname(found);
      return found;
    });
}
