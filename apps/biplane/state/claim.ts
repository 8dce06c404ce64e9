/** One cloud, one process: a data directory is held by whoever runs from it. */

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { EndpointsRole } from "./endpoints.ts";
import { readEndpoints } from "./endpoints.ts";

/** Another process runs from this data directory. */
export class DataDirectoryInUse extends Error {
  override readonly name = "DataDirectoryInUse";
  /** The other process, where it said so. */
  readonly pid: number | undefined;

  constructor(dataDirectory: string, pid: number | undefined) {
    super(
      `${dataDirectory} is in use by another Biplane${pid === undefined ? "" : ` (process ${pid})`}; stop it, or choose another directory with --data`,
    );
    this.pid = pid;
  }
}

/** Holds the directory until released or until the process ends, however it ends. */
export interface DataDirectoryClaim {
  release(): void;
}

/**
 * Which locks a role takes: `up` is both planes, so it excludes either; a control plane and a data plane may share a directory.
 */
const PLANES_OF_ROLE: Readonly<Record<EndpointsRole, readonly string[]>> = {
  up: ["control", "node"],
  control: ["control"],
  node: ["node"],
};

/**
 * Takes the directory (created with mode 0700 where missing) for one role. Do it before anything in it is opened.
 *
 * The lock is that of an SQLite file in exclusive mode: the operating system drops it when the process dies, so there is no stale lock
 * file to judge.
 *
 * @throws DataDirectoryInUse
 */
export function claimDataDirectory(dataDirectory: string, role: EndpointsRole): DataDirectoryClaim {
  const run = join(dataDirectory, "run");
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const held: Database[] = [];
  const release = () => {
    for (const lock of held.splice(0)) lock.close();
  };
  for (const plane of PLANES_OF_ROLE[role]) {
    const lock = new Database(join(run, `${plane}.lock`), { create: true });
    held.push(lock);
    try {
      lock.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
    } catch (error) {
      release();
      if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) {
        throw new DataDirectoryInUse(dataDirectory, holderOf(dataDirectory, role));
      }
      throw error;
    }
  }
  return { release };
}

function holderOf(dataDirectory: string, role: EndpointsRole): number | undefined {
  const planes = PLANES_OF_ROLE[role];
  try {
    return readEndpoints(dataDirectory).find(
      (found) => found.running && PLANES_OF_ROLE[found.role].some((plane) => planes.includes(plane)),
    )?.pid;
  } catch {
    // A broken endpoint file must not hide the real message: the directory is in use.
    return undefined;
  }
}
