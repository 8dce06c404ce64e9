/** Readers of single values: text in, typed value out, or a sentence that says what is allowed. Pure. */

/** The outcome of reading one value. `allowed` completes "…; allowed: ". */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly allowed: string };

/** Reads one value. */
export type Parser<Value> = (text: string) => Parsed<Value>;

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** Text as it is; `pattern` and its description narrow it. */
export function text(pattern?: RegExp, allowed = "text"): Parser<string> {
  return (value) => (pattern === undefined || pattern.test(value) ? ok(value) : no(allowed));
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Parser<Word> {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? no(words.join(", ")) : ok(word);
  };
}

/** `true`, `yes`, `on`, `1` and their opposites. */
export const flag: Parser<boolean> = (value) => {
  const lower = value.toLowerCase();
  if (["true", "yes", "on", "1"].includes(lower)) return ok(true);
  if (["false", "no", "off", "0"].includes(lower)) return ok(false);
  return no("true or false");
};

/** A whole number between two bounds, both included. */
export function integer(min: number, max: number): Parser<number> {
  return (value) => {
    const number = /^-?[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? ok(number) : no(`a whole number from ${min} to ${max}`);
  };
}

/** A TCP port; 0 lets the system choose. */
export const port: Parser<number> = integer(0, 65_535);

/** `250ms`, `5s`, `1m30s`, `2h`, `7d`: milliseconds. A bare number is refused, because its unit would be a guess. */
export const duration: Parser<number> = (value) => {
  const allowed = "a duration such as 250ms, 5s, 1m30s, 2h, 7d";
  if (!/^([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d))+$/.test(value)) return no(allowed);
  let total = 0;
  for (const [, amount = "", unit = ""] of value.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (DURATION_UNITS[unit] ?? 0);
  }
  return Number.isSafeInteger(Math.round(total)) ? ok(Math.round(total)) : no(allowed);
};

/** `4096`, `64k`, `64KiB`, `10MB`, `1.5GiB`: bytes. `k`, `m`, `g`, `t` and the `i` forms count in 1,024, `kb` … in 1,000. */
export const size: Parser<number> = (value) => {
  const allowed = "a size such as 4096, 64KiB, 10MB, 1.5GiB";
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([a-z]{0,3})$/.exec(value.toLowerCase());
  const unit = match === null ? undefined : SIZE_UNITS[match[2] ?? ""];
  if (match === null || unit === undefined) return no(allowed);
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? ok(bytes) : no(allowed);
};

/** An absolute `http://` or `https://` URL, without a slash at the end. */
export const httpUrl: Parser<string> = (value) => {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol)
    ? ok(value.replace(/\/+$/, ""))
    : no("an http:// or https:// URL");
};

/** Items separated by commas; blanks around them do not count, empty items are left out. */
export function list<Item>(item: Parser<Item>): Parser<readonly Item[]> {
  return (value) => {
    const items: Item[] = [];
    for (const part of value.split(",")) {
      const trimmed = part.trim();
      if (trimmed === "") continue;
      const parsed = item(trimmed);
      if (!parsed.ok) return no(`a comma-separated list, each item ${parsed.allowed}`);
      items.push(parsed.value);
    }
    return ok(items);
  };
}

function ok<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

function no(allowed: string): { readonly ok: false; readonly allowed: string } {
  return { ok: false, allowed };
}
