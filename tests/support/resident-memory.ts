/** Watches the resident memory of another process (Linux). */
import { readFileSync } from "node:fs";

/** Resident bytes of a process now. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (line === null) throw new Error(`process ${pid} does not say its resident memory`);
  return Number(line[1]) * 1024;
}

export interface MemoryWatch {
  /** The highest value seen since the start, minus the value at the start, in bytes. */
  stop(): number;
}

/** Samples every 20 ms. */
export function watchMemory(pid: number): MemoryWatch {
  const before = residentBytes(pid);
  let peak = before;
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, residentBytes(pid));
    } catch {
      // The process is gone: whoever waits for it says so better than a timer can.
      clearInterval(timer);
    }
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return Math.max(peak, residentBytes(pid)) - before;
    },
  };
}
