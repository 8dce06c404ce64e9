/** One cloud, one process: a data directory is held by whoever runs from it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { acquireProcessLock, errorCode, type ProcessLock } from "#foundation/sql";
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
 * Which locks a role takes: `up` is everything, so it excludes every part; the parts may share a directory.
 */
const PLANES_OF_ROLE: Readonly<Record<EndpointsRole, readonly string[]>> = {
  up: ["control", "node", "agent"],
  control: ["control"],
  node: ["node"],
  agent: ["agent"],
  // One edge takes over from another while both run.
  edge: [],
};

/**
 * Takes the directory (created with mode 0700 where missing) for one role. Do it before anything in it is opened.
 *
 * @throws DataDirectoryInUse
 */
export function claimDataDirectory(dataDirectory: string, role: EndpointsRole): DataDirectoryClaim {
  const run = join(dataDirectory, "run");
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const held: ProcessLock[] = [];
  const release = () => {
    for (const lock of held.splice(0)) lock.release();
  };
  for (const plane of PLANES_OF_ROLE[role]) {
    try {
      held.push(acquireProcessLock(join(run, `${plane}.lock`)));
    } catch (error) {
      release();
      if (errorCode(error) === "Locked") throw new DataDirectoryInUse(dataDirectory, holderOf(dataDirectory, role));
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
