/** What this machine has for instances. */
import { statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { NodeAllocatable } from "#contracts";
import { readFileIfThere } from "#foundation/files";

const MIB = 1024 ** 2;

/** Kept back for the machine itself and for the cloud's own programs: a tenth, at least this much. */
const RESERVED_MIN_BYTES = 512 * MIB;

export interface Reserve {
  readonly memoryBytes?: number;
}

/** @param directory on the disk that instances use */
export function measureCapacity(directory: string, reserve: Reserve = {}): NodeAllocatable {
  const memory = Math.min(totalmem(), groupLimit());
  const reserved = reserve.memoryBytes ?? Math.max(RESERVED_MIN_BYTES, Math.round(memory / 10));
  const disk = statfsSync(directory);
  return {
    memoryBytes: Math.max(0, memory - reserved),
    cpuCores: availableParallelism(),
    // In steps, so that a file more or less is no news.
    diskBytes: Math.floor((disk.bavail * disk.bsize) / (1024 * MIB)) * 1024 * MIB,
  };
}

/** The memory limit of the control group that this process is in, where there is one (cgroup v2 and v1). */
function groupLimit(): number {
  for (const path of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    const limit = Number(readFileIfThere(path)?.trim());
    if (Number.isFinite(limit) && limit > 0) return limit;
  }
  return Number.POSITIVE_INFINITY;
}
