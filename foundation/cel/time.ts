/** Timestamps and durations as text, and their parts (language definition, "Timestamps and Durations"). */
import { CelError, type CelValue, Duration, duration, noOverload, Timestamp, timestamp } from "./values.ts";

const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  h: 3_600n * SECOND,
  m: 60n * SECOND,
  s: SECOND,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

/** `1h30m`, `-1.5s`, `0`. @throws CelError */
export function parseDuration(text: string): Duration {
  const [, sign, rest = ""] = /^([+-]?)(.*)$/s.exec(text)!;
  if (rest === "0") return new Duration(0n);
  if (!/^(?:\d+(?:\.\d*)?(?:h|ms|m|us|µs|ns|s)|\.\d+(?:h|ms|m|us|µs|ns|s))+$/.test(rest))
    throw new CelError("invalid duration");
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of rest.matchAll(/(\d*)(?:\.(\d*))?(h|ms|m|us|µs|ns|s)/g)) {
    const size = UNITS[unit]!;
    total += BigInt(whole === "" ? "0" : whole) * size;
    if (fraction !== "") total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return duration(sign === "-" ? -total : total);
}

const STAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** RFC 3339 §5.6. @throws CelError */
export function parseTimestamp(text: string): Timestamp {
  const parts = STAMP.exec(text);
  if (parts === null) throw new CelError("invalid timestamp");
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) throw new CelError("invalid timestamp");
  const offset = (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * (parts[8] === "-" ? -1 : 1);
  const nanoseconds = BigInt((parts[7] ?? "").padEnd(9, "0"));
  return timestamp(BigInt(date.getTime() / 1_000 - offset * 60) * SECOND + nanoseconds);
}

/** Of the second, with as many digits as there are. */
function fractionText(nanoseconds: bigint): string {
  const digits = String(nanoseconds).padStart(9, "0").replace(/0+$/, "");
  return digits === "" ? "" : `.${digits}`;
}

const floorDivide = (value: bigint, by: bigint): bigint => (value >= 0n ? value / by : -((-value + by - 1n) / by));

export function timestampText({ nanoseconds }: Timestamp): string {
  const seconds = floorDivide(nanoseconds, SECOND);
  const text = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  return `${text}${fractionText(nanoseconds - seconds * SECOND)}Z`;
}

export function durationText({ nanoseconds }: Duration): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  return `${nanoseconds < 0n ? "-" : ""}${size / SECOND}${fractionText(size % SECOND)}s`;
}

/** By method: the part of a timestamp, of its date in some time zone. */
const PARTS: Readonly<Record<string, (date: Date, nanoseconds: bigint) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - startOfYear(date)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (_, nanoseconds) => Number(nanoseconds / 1_000_000n),
};

const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  getHours: 3_600n * SECOND,
  getMinutes: 60n * SECOND,
  getSeconds: SECOND,
};

export const TIME_METHODS: readonly string[] = Object.keys(PARTS);

function startOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return start.getTime();
}

/** @param zone an offset (`+01:00`) or a name of the time zone database; default UTC */
export function timePart(method: string, of: CelValue, zone: CelValue | undefined): bigint {
  if (of instanceof Duration) {
    if (zone !== undefined) throw noOverload();
    const unit = DURATION_UNITS[method];
    if (unit !== undefined) return of.nanoseconds / unit;
    if (method === "getMilliseconds") return (of.nanoseconds % SECOND) / 1_000_000n;
    throw noOverload();
  }
  if (!(of instanceof Timestamp) || (zone !== undefined && typeof zone !== "string")) throw noOverload();
  const seconds = floorDivide(of.nanoseconds, SECOND);
  const shift = zone === undefined ? 0 : offsetSeconds(zone, Number(seconds));
  const date = new Date((Number(seconds) + shift) * 1_000);
  return BigInt(PARTS[method]!(date, of.nanoseconds - seconds * SECOND));
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones are named by whoever writes the expression, or by a value: they must not fill the memory. */
const FORMATS_MAX = 500;

function offsetSeconds(zone: string, seconds: number): number {
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) return (Number(offset[2]) * 60 + Number(offset[3])) * 60 * (offset[1] === "-" ? -1 : 1);
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new CelError(`unknown time zone ${JSON.stringify(zone)}`);
    }
    if (formats.size >= FORMATS_MAX) formats.clear();
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(seconds * 1_000).map(({ type, value }) => [type, value]));
  const year = parts.era === "BC" ? 1 - Number(parts.year) : Number(parts.year);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
  local.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return local.getTime() / 1_000 - seconds;
}
