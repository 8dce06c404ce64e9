/** Reading of the texts under /proc (proc(5)). */

export interface ProcStat {
  readonly pid: number;
  /** One letter: R, S, D, Z, T … */
  readonly state: string;
  readonly parentPid: number;
  readonly threads: number;
  /** User and system time, in clock ticks; of waited-for children beside it. */
  readonly cpuTicks: number;
  readonly childrenCpuTicks: number;
  /** In clock ticks since boot: with the pid it names a process that no other ever was. */
  readonly startTicks: number;
}

/** The name in parentheses may hold anything, also parentheses: fields count from the last one. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open === -1 || close === -1) return undefined;
  const fields = text.slice(close + 2).split(" ");
  // Field 3 of proc(5) is fields[0].
  const number = (field: number): number => Number(fields[field - 3]);
  const stat: ProcStat = {
    pid: Number(text.slice(0, open)),
    state: fields[0] ?? "",
    parentPid: number(4),
    threads: number(20),
    cpuTicks: number(14) + number(15),
    childrenCpuTicks: number(16) + number(17),
    startTicks: number(22),
  };
  return Number.isInteger(stat.pid) && Number.isInteger(stat.startTicks) ? stat : undefined;
}

/** The value of a `Name:   123 kB` line, in bytes; 0 when the line is not there. */
export function kilobytesLine(text: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
  return match === null ? 0 : Number(match[1]) * 1024;
}

/** Whether an environment block (NUL-separated) holds exactly this `NAME=value`. */
export function environHolds(block: Uint8Array, entry: string): boolean {
  return `\0${new TextDecoder("latin1").decode(block)}`.includes(`\0${entry}\0`);
}
