/** Sizes, times and counts for people. Pure. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `0 B`, `512 B`, `1.5 KiB`, `23 MiB`: at most three digits that mean something. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1,023.5 would be shown as 1,024 of the smaller unit.
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${UNITS[unit]}`;
}

/** `12 s`, `5 min`, `3 h`, `8 d`: how long something took or has lasted. */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `2026-01-31 12:00:00` in the local time zone, as `ls --time-style=long-iso` does it. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1 object`, `3 objects`. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** Seconds in `15m`, `12h`, `7d`, `3600`, `90s`; undefined for anything else. */
export function parseSeconds(text: string): number | undefined {
  const parts = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1]) * { "": 1, s: 1, m: 60, h: 3600, d: 86_400 }[parts[2] as "" | "s" | "m" | "h" | "d"];
}
