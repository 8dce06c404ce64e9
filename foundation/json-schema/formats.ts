/** What the values of `format` mean, in time that grows with the length alone (Validation §7.3; OpenAPI's registry of formats). */
import { isHostname, isIdnHostname } from "./host-names.ts";
import { isIpv4, isIpv6, isIri, isIriReference, isUri, isUriReference, isUriTemplate } from "./uri-formats.ts";

export interface StringFormat {
  readonly of: "string" | "number";
  test(value: never): boolean;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

// As numbers, since these are asked for often and a text of one character is made for each question.
const [ZERO, MINUS, PLUS, COLON, POINT, LETTER_T, LETTER_Z] = [0x30, 0x2d, 0x2b, 0x3a, 0x2e, 0x74, 0x7a];
/** The bit that makes a letter small. */
const LOWER = 0x20;

/** The number that two digits at a place are; NaN where there are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const isDate = (text: string): boolean => text.length === 10 && isDateAt(text);

/** Whether the first ten characters are a date. */
function isDateAt(text: string): boolean {
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return false;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && isLeap ? 29 : DAYS[month - 1]!);
}

/** RFC 3339 §5.6: with its offset, a leap second at the end of a day in UTC only. */
function isTime(text: string, from = 0): boolean {
  if (text.charCodeAt(from + 2) !== COLON || text.charCodeAt(from + 5) !== COLON) return false;
  const hour = twoDigits(text, from);
  const minute = twoDigits(text, from + 3);
  const second = twoDigits(text, from + 6);
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return false;
  let at = from + 8;
  if (text.charCodeAt(at) === POINT) {
    const first = ++at;
    while (isDigit(text.charCodeAt(at))) at++;
    if (at === first) return false;
  }
  const offset = offsetAt(text, at);
  if (Number.isNaN(offset)) return false;
  return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 === 1439;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= 0x39;

/** Minutes east of UTC, by what stands from there to the end; NaN when it is no offset. */
function offsetAt(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if ((sign | LOWER) === LETTER_Z) return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== PLUS && sign !== MINUS) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON)
    return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (hours * 60 + minutes) * (sign === MINUS ? -1 : 1);
}

function isDateTime(text: string): boolean {
  return (text.charCodeAt(10) | LOWER) === LETTER_T && isDateAt(text) && isTime(text, 11);
}

/** RFC 3339, appendix A: no unit between two others is left out, weeks stand alone. */
const DURATION =
  /^P(?:\d+W|(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/;
const isDuration = (text: string): boolean => text.length > 1 && DURATION.test(text);

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

/** RFC 9562 §4. */
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

/** They are about how a text is shown, or what its bytes are: every text is one. */
const ANY_TEXT = text(() => true);

/** By name. What is not here asserts nothing. */
export const FORMATS: ReadonlyMap<string, StringFormat> = new Map([
  ["date", text(isDate)],
  ["time", text((value) => isTime(value))],
  ["date-time", text(isDateTime)],
  ["duration", text(isDuration)],
  ["email", text((value) => isEmail(value, ATOM, QUOTED, isHostname))],
  ["idn-email", text((value) => isEmail(value, IDN_ATOM, IDN_QUOTED, (host) => isIdnHostname(host.normalize("NFC"))))],
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
  ["binary", ANY_TEXT],
  ["password", ANY_TEXT],
  ["int32", number((value) => Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31)],
  ["int64", number((value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 63)],
  ["float", number((value) => Math.abs(value) <= 3.4028234663852886e38)],
  ["double", number(Number.isFinite)],
]);
