/**
 * Timestamps in the three formats of Smithy's `timestampFormat` trait: RFC 3339 date-time, RFC 9110 HTTP-date, and epoch seconds.
 *
 * Readers return undefined for text that is no timestamp; the caller knows which error that is.
 */

import type { TimestampFormat } from "../model/shapes.ts";
import { flatText } from "./flat-text.ts";

/** How many digits a service writes after the seconds of a date-time. */
export type MillisecondStyle =
  /** `.123Z`, or `Z` when they are zero (Smithy's own rule). */
  | "when-present"
  /** Never (IAM, STS). */
  | "never"
  /** Always three digits (EC2). */
  | "always"
  /** Always `.000Z` (S3, whose times have whole seconds). */
  | "zero";

const dateTime = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:?\d\d))?$/;
const imfFixdate =
  /^(?:[A-Za-z]{3}), (\d\d?) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (?:GMT|UTC|\+0000)$/;
const rfc850 = /^[A-Za-z]{6,9}, (\d\d)-([A-Za-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const asctime = /^[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;
const epoch = /^-?\d{1,15}(?:\.\d+)?$/;
const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Reads a timestamp in the given format; date-time also takes a bare date (midnight UTC) and epoch seconds, as lenient services do. */
export function parseTimestamp(text: string, format: Exclude<TimestampFormat, "default">): Date | undefined {
  switch (format) {
    case "date-time":
      return parseDateTime(text) ?? parseEpochSeconds(text);
    case "http-date":
      return parseHttpDate(text);
    case "epoch-seconds":
      return parseEpochSeconds(text) ?? parseDateTime(text);
  }
}

function parseDateTime(text: string): Date | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction, zone = "Z"] = match;
  const local = utc(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    fraction,
  );
  if (local === undefined || zone === "Z" || zone === "z") return local;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return new Date(local.getTime() - (zone.startsWith("-") ? -minutes : minutes) * 60_000);
}

function parseHttpDate(text: string): Date | undefined {
  let match = imfFixdate.exec(text);
  if (match !== null) {
    const [, day, month, year, hour, minute, second, fraction] = match;
    return utc(Number(year), monthIndex(month), Number(day), Number(hour), Number(minute), Number(second), fraction);
  }
  match = rfc850.exec(text);
  if (match !== null) {
    const [, day, month, year, hour, minute, second] = match;
    // RFC 9110 5.6.7: a two-digit year that seems more than 50 years ahead is in the past; 1970 is the pivot that never needs today's date.
    const full = Number(year) + (Number(year) < 70 ? 2000 : 1900);
    return utc(full, monthIndex(month), Number(day), Number(hour), Number(minute), Number(second));
  }
  match = asctime.exec(text);
  if (match === null) return undefined;
  const [, month, day, hour, minute, second, year] = match;
  return utc(Number(year), monthIndex(month), Number(day), Number(hour), Number(minute), Number(second));
}

function parseEpochSeconds(text: string): Date | undefined {
  if (!epoch.test(text)) return undefined;
  return epochSecondsToDate(Number(text));
}

/** Undefined for a number that no date holds. */
export function epochSecondsToDate(seconds: number): Date | undefined {
  const date = new Date(Math.round(seconds * 1000));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function monthIndex(name: string | undefined): number {
  return monthNames.indexOf((name ?? "").toLowerCase());
}

/** A date of its parts, or undefined when a part is out of range (`Date.UTC` would carry it over). */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction?: string,
): Date | undefined {
  if (month < 0 || month > 11 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  const millis = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  const date = new Date(Date.UTC(year, month, day, hour, minute, second, millis));
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  if (year < 100) date.setUTCFullYear(year);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date : second === 60 ? date : undefined;
}

/** Writes a date-time, `2026-01-01T00:00:00Z`. Throws RangeError for an invalid date, which is a defect of the caller. */
export function formatDateTime(date: Date, style: MillisecondStyle): string {
  const time = date.getTime();
  const seconds = Math.floor(time / 1000);
  const days = Math.floor(seconds / 86_400);
  // Listings write thousands of times of few days: the day is the slow part (toISOString takes four times as long as the rest).
  if (days !== cachedDays) {
    cachedDate = flatText(new Date(days * 86_400_000).toISOString().slice(0, -13));
    cachedDays = days;
  }
  const rest = seconds - days * 86_400;
  const hour = Math.trunc(rest / 3600);
  const minute = Math.trunc((rest - hour * 3600) / 60);
  const second = rest - hour * 3600 - minute * 60;
  const text = cachedDate + twoDigitsColon[hour] + twoDigitsColon[minute];
  if (style === "zero") return text + twoDigitsZeros[second];
  const milliseconds = time - seconds * 1000;
  if (style === "never" || (milliseconds === 0 && style === "when-present")) return text + twoDigitsZ[second];
  return `${text}${twoDigits[second]}.${String(milliseconds).padStart(3, "0")}Z`;
}

const twoDigits: readonly string[] = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const twoDigitsColon = twoDigits.map((digits) => flatText(`${digits}:`));
const twoDigitsZeros = twoDigits.map((digits) => flatText(`${digits}.000Z`));
const twoDigitsZ = twoDigits.map((digits) => flatText(`${digits}Z`));

/** The last day that was written, and its text up to and including the `T`. */
let cachedDays = Number.NaN;
let cachedDate = "";

/** Writes a timestamp as text in the given format; HTTP-dates have whole seconds. */
export function formatTimestamp(
  date: Date,
  format: Exclude<TimestampFormat, "default">,
  style: MillisecondStyle,
): string {
  switch (format) {
    case "date-time":
      return formatDateTime(date, style);
    case "http-date":
      return date.toUTCString();
    case "epoch-seconds":
      return String(date.getTime() / 1000);
  }
}
