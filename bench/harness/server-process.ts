/** A server under measurement: started as its users start it, its CPU time and memory read from the operating system. */
import { readFileSync } from "node:fs";
import type { Subprocess } from "bun";

export interface ServerProcess {
  readonly pid: number;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** User and system seconds of the process so far. */
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Linux counts CPU time in ticks of 1/100 s for every user space program. */
const TICKS_PER_SECOND = 100;

export function measured(name: string, child: Subprocess, port: number, cleanUp: () => void): ServerProcess {
  return {
    pid: child.pid,
    name,
    host: "127.0.0.1",
    port,
    cpuSeconds() {
      const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
      // The command's name may hold spaces and parentheses: fields are counted after the last one. utime and stime are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    residentBytes() {
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
    },
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
      cleanUp();
    },
  };
}

/** A port that was free a moment ago, for peers that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** Waits until something listens. */
export async function untilListening(port: number, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
      socket.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}
