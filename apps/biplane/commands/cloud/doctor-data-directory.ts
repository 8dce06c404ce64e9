/** Checks of the data directory and the disk under it. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { credentialsPath, readCredentials, readEndpoints } from "#apps/biplane/state";
import { humanSize } from "../../cli/units.ts";
import type { Check, Examined, Finding } from "./doctor-checks.ts";

/** Below this, writes of ordinary size begin to fail soon … */
const FREE_BYTES_MIN = 256 * 1024 * 1024;
/** … and below this it is time to think about it. */
const FREE_BYTES_WANTED = 2 * 1024 * 1024 * 1024;

/** Write-and-sync rounds that are measured; the median of 21 is steady, and they take a fifth of a second on a slow disk. */
const SYNC_ROUNDS = 21;
/** A small write waits for one sync. SSDs take well under 5 ms, rotating disks about 10. */
const SYNC_MS_WANTED = 20;
/** Faster than any storage that really writes: a disk in memory, or one that lies. */
const SYNC_MS_BELIEVABLE = 0.02;

const OTHERS = 0o077;

export const DATA_DIRECTORY_CHECKS: readonly Check[] = [
  { name: "data directory", run: directory },
  { name: "files", run: stateFiles },
  { name: "disk space", run: space },
  { name: "disk sync", run: syncLatency },
];

function directory({ dataDirectory }: Examined): Finding {
  const name = "data directory";
  if (!existsSync(dataDirectory)) {
    const parent = nearestDirectory(dataDirectory);
    if (isWritable(parent)) return { name, level: "ok", found: `${dataDirectory} (will be made at the first start)` };
    return {
      name,
      level: "fail",
      found: `${dataDirectory} cannot be made`,
      advice: `${parent} is not writable for this user; choose another directory with --data.`,
    };
  }
  const stat = statSync(dataDirectory);
  if (!stat.isDirectory())
    return {
      name,
      level: "fail",
      found: `${dataDirectory} is not a directory`,
      advice: "Choose another one with --data.",
    };
  if (!isWritable(dataDirectory)) {
    return {
      name,
      level: "fail",
      found: `${dataDirectory} is not writable for this user`,
      advice: "Change its owner, or choose another one with --data.",
    };
  }
  if ((stat.mode & OTHERS) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    return {
      name,
      level: "warn",
      found: `${dataDirectory} has mode ${mode}: others may look into it`,
      advice: `chmod 700 ${dataDirectory}`,
    };
  }
  return { name, level: "ok", found: dataDirectory };
}

/** Whether what the program left there can be read, and by nobody else. */
function stateFiles({ dataDirectory }: Examined): readonly Finding[] {
  const name = "files";
  const findings: Finding[] = [];
  const path = credentialsPath(dataDirectory);
  try {
    readCredentials(dataDirectory);
    if (existsSync(path) && (statSync(path).mode & OTHERS) !== 0) {
      findings.push({
        name,
        level: "fail",
        found: `${path} can be read by others`,
        advice: `chmod 600 ${path}, then replace its keys (biplane keys).`,
      });
    }
  } catch (error) {
    findings.push({
      name,
      level: "fail",
      found: String(error instanceof Error ? error.message : error),
      advice: "Restore it from a backup, or remove it: the next start writes a new one with new tokens.",
    });
  }
  try {
    for (const { role, pid, running } of readEndpoints(dataDirectory)) {
      if (running) findings.push({ name, level: "ok", found: `${role} runs as process ${pid}` });
      else
        findings.push({
          name,
          level: "ok",
          found: `${role} (process ${pid}) was killed; the next start goes on from there`,
        });
    }
  } catch (error) {
    findings.push({
      name,
      level: "fail",
      found: String(error instanceof Error ? error.message : error),
      advice: "Remove it: the next start writes it anew.",
    });
  }
  return findings;
}

function space({ dataDirectory }: Examined): Finding {
  const name = "disk space";
  const stat = statfsSync(nearestDirectory(dataDirectory));
  const free = stat.bavail * stat.bsize;
  const found = `${humanSize(free)} free of ${humanSize(stat.blocks * stat.bsize)}`;
  if (free < FREE_BYTES_MIN)
    return {
      name,
      level: "fail",
      found,
      advice: "Free some space, or choose a directory on another disk with --data.",
    };
  if (free < FREE_BYTES_WANTED)
    return {
      name,
      level: "warn",
      found,
      advice: "Writes are refused when it is full; nothing that was acknowledged is lost.",
    };
  return { name, level: "ok", found };
}

/** How long a small write takes to be safe: every acknowledged write waits for it, shared with those that arrive meanwhile. */
function syncLatency({ dataDirectory }: Examined): Finding {
  const name = "disk sync";
  const latency = medianSyncMs(nearestDirectory(dataDirectory));
  const found = `${latency < 1 ? latency.toFixed(2) : latency.toFixed(1)} ms for a small write to be safe`;
  if (latency < SYNC_MS_BELIEVABLE) {
    return {
      name,
      level: "warn",
      found,
      advice:
        "No disk is that fast: this is memory, or a disk that acknowledges before it has written. Power loss may lose data.",
    };
  }
  if (latency > SYNC_MS_WANTED)
    return {
      name,
      level: "warn",
      found,
      advice: "Single writes will be slow; a faster disk helps, and so do more clients at once.",
    };
  return { name, level: "ok", found };
}

function medianSyncMs(directoryPath: string): number {
  const directory = mkdtempSync(join(directoryPath, ".biplane-doctor-"));
  try {
    const file = openSync(join(directory, "probe"), "wx", 0o600);
    const block = new Uint8Array(4096).fill(1);
    const times: number[] = [];
    for (let round = 0; round < SYNC_ROUNDS; round++) {
      const begun = performance.now();
      writeSync(file, block);
      fsyncSync(file);
      times.push(performance.now() - begun);
    }
    closeSync(file);
    return times.sort((left, right) => left - right)[SYNC_ROUNDS >> 1]!;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The directory itself, or the first one above it that exists. */
function nearestDirectory(path: string): string {
  let directory = path;
  while (!existsSync(directory) || !statSync(directory).isDirectory()) directory = dirname(directory);
  return directory;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
