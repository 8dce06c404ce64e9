/** What the values of `format` mean, in time that grows with the length alone (Validation §7.3; OpenAPI's registry of formats). */
import { isIpv4, isIpv6, isIri, isIriReference, isUri, isUriReference, isUriTemplate } from "./uri-formats.ts";

export interface StringFormat {
  readonly of: "string" | "number";
  test(value: never): boolean;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined) return false;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const isLeap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  return m >= 1 && m <= 12 && d >= 1 && d <= (m === 2 && isLeap ? 29 : DAYS[m - 1]!);
}

/** RFC 3339 §5.6: with its offset, a leap second at the end of a day in UTC only. */
function isTime(text: string): boolean {
  const parts = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i.exec(text);
  if (parts === null) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = [1, 2, 3, 5, 6].map((index) =>
    Number(parts[index] ?? 0),
  ) as [number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (parts[4] === "-" ? -1 : 1);
  return (((hour * 60 + minute - offset) % 1440) + 1440) % 1440 === 1439;
}

function isDateTime(text: string): boolean {
  return (
    text.length > 11 && (text[10] === "T" || text[10] === "t") && isDate(text.slice(0, 10)) && isTime(text.slice(11))
  );
}

/** RFC 3339, appendix A: no unit between two others is left out, weeks stand alone. */
const DURATION =
  /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/;
const isDuration = (text: string): boolean => text.length > 1 && DURATION.test(text);

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

/** RFC 1123 §2.1; labels in punycode are looked at for what RFC 5890 §2.3.2.1 forbids of their form. */
function isHostname(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false;
  return text
    .split(".")
    .every(
      (label) =>
        label.length <= 63 && LABEL.test(label) && !(label.slice(2, 4) === "--" && !/^xn--[a-z0-9]/i.test(label)),
    );
}

/** The same of names as people write them: what a browser would make of it must be a host name (RFC 5890, by way of UTS 46). */
function isIdnHostname(text: string): boolean {
  const dotted = text.replaceAll(/[\u3002\uff0e\uff61]/g, ".");
  if (/^[\0-\x7f]*$/.test(dotted)) return isHostname(dotted);
  // Nothing of a URL may be in it.
  if (/[\0-,/:-@[-`{-\x7f]/.test(dotted.replaceAll("-", ""))) return false;
  try {
    return isHostname(new URL(`http://${dotted}`).hostname);
  } catch {
    return false;
  }
}

const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const IDN_ATOM = /^[^\0-\x20"(),.:;<>@[\\\]\x7f]+(?:\.[^\0-\x20"(),.:;<>@[\\\]\x7f]+)*$/;
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;
const IDN_QUOTED = /^"(?:[^\0-\x1f"\\\x7f]|\\[\x20-\x7e])*"$/;

/** RFC 5321 §4.1.2; with letters of all languages RFC 6531. */
function isEmail(text: string, atom: RegExp, quoted: RegExp, isHost: (host: string) => boolean): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1 || text.length > 320) return false;
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (!atom.test(local) && !quoted.test(local)) return false;
  if (!domain.startsWith("[")) return isHost(domain);
  if (!domain.endsWith("]")) return false;
  const address = domain.slice(1, -1);
  return /^IPv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const RELATIVE_POINTER = /^(?:0|[1-9]\d*)(?:[+-](?:0|[1-9]\d*))?(?:#|(?:\/(?:[^~/]|~[01])*)*)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isRegex(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

const text = (test: (value: string) => boolean): StringFormat => ({ of: "string", test: test as StringFormat["test"] });
const number = (test: (value: number) => boolean): StringFormat => ({
  of: "number",
  test: test as StringFormat["test"],
});

/** By name. What is not here asserts nothing. */
export const FORMATS: ReadonlyMap<string, StringFormat> = new Map([
  ["date", text(isDate)],
  ["time", text(isTime)],
  ["date-time", text(isDateTime)],
  ["duration", text(isDuration)],
  ["email", text((value) => isEmail(value, ATOM, QUOTED, isHostname))],
  ["idn-email", text((value) => isEmail(value, IDN_ATOM, IDN_QUOTED, isIdnHostname))],
  ["hostname", text(isHostname)],
  ["idn-hostname", text(isIdnHostname)],
  ["ipv4", text(isIpv4)],
  ["ipv6", text(isIpv6)],
  ["uri", text(isUri)],
  ["uri-reference", text(isUriReference)],
  ["iri", text(isIri)],
  ["iri-reference", text(isIriReference)],
  ["uri-template", text(isUriTemplate)],
  ["uuid", text((value) => UUID.test(value))],
  ["json-pointer", text((value) => POINTER.test(value))],
  ["relative-json-pointer", text((value) => RELATIVE_POINTER.test(value))],
  ["regex", text(isRegex)],
  ["byte", text((value) => BASE64.test(value))],
  ["int32", number((value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31)],
  ["int64", number((value) => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63)],
  ["float", number((value) => Math.abs(value) <= 3.4028234663852886e38)],
  ["double", number(Number.isFinite)],
]);
