/** The two forms of time in signatures: `YYYYMMDDTHHMMSSZ` (ISO 8601 basic) and the HTTP date (RFC 9110 §5.6.7). */

/**
 * Reads `YYYYMMDDTHHMMSSZ`.
 *
 * @returns milliseconds since the epoch, or undefined when the text is not such a time
 */
export function parseAmzDate(text: string): number | undefined {
  if (text.length !== 16 || text.charCodeAt(8) !== 0x54 || text.charCodeAt(15) !== 0x5a) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 4, 6);
  const day = digits(text, 6, 8);
  const hour = digits(text, 9, 11);
  const minute = digits(text, 11, 13);
  const second = digits(text, 13, 15);
  // `digits` gives NaN for anything but digits; every comparison with NaN is false.
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Writes `YYYYMMDDTHHMMSSZ` from milliseconds since the epoch. */
export function formatAmzDate(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}T${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/**
 * Reads the `Date` header: an HTTP date, or `YYYYMMDDTHHMMSSZ`, which some clients put there.
 *
 * @returns milliseconds since the epoch, or undefined
 */
export function parseDateHeader(text: string): number | undefined {
  const basic = parseAmzDate(text);
  if (basic !== undefined) return basic;
  // Date.parse accepts much more than HTTP dates; the weekday keeps out the rest ("1", "2024").
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
