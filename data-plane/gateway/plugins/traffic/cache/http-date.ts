/** Dates in fields (RFC 9110 §5.6.7), in all three forms that have to be understood. Pure. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const CLOCK = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${CLOCK} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\\d{2}) ${CLOCK} GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${CLOCK} (?<year>\\d{4})$`),
];

/**
 * @param nowMs for years of two digits: one that would be more than 50 years ahead is of the century before
 * @returns milliseconds since 1970; undefined for what is no date
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const month = MONTHS.indexOf(parts.month!);
    const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number);
    if (month === -1 || day! < 1 || day! > 31 || hour! > 23 || minute! > 59 || second! > 60) return undefined;
    return Date.UTC(fullYear(parts.year!, nowMs), month, day, hour, minute, second);
  }
  return undefined;
}

function fullYear(year: string, nowMs: number): number {
  if (year.length === 4) return Number(year);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const guess = Math.floor(thisYear / 100) * 100 + Number(year);
  return guess > thisYear + 50 ? guess - 100 : guess;
}
