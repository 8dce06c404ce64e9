/** The field `Cache-Control` (RFC 9111 §5.2). Pure. */

/** What is said; seconds. What is said without meaning is taken for the strictest. */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly sharedMaxAge: number | undefined;
  readonly minFresh: number | undefined;
}

export const NOTHING_SAID: CacheControl = {
  noStore: false,
  noCache: false,
  isPrivate: false,
  isPublic: false,
  mustRevalidate: false,
  onlyIfCached: false,
  maxAge: undefined,
  sharedMaxAge: undefined,
  minFresh: undefined,
};

/** RFC 9111 §1.2.2: more is as much as this. */
const SECONDS_MAX = 2 ** 31;
/** `name`, `name=token` or `name="quoted"`; a comma in quotes separates nothing. */
const DIRECTIVE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g;

/** @param value all values of the field, joined with commas; undefined when there is none */
export function parseCacheControl(value: string | undefined): CacheControl {
  if (value === undefined) return NOTHING_SAID;
  const said: { -readonly [Key in keyof CacheControl]: CacheControl[Key] } = { ...NOTHING_SAID };
  for (const [, name, quoted, token] of value.matchAll(DIRECTIVE)) {
    const argument = quoted ?? token;
    switch (name!.toLowerCase()) {
      case "no-store":
        said.noStore = true;
        break;
      // With names of fields they are about those only (RFC 9111 §5.2.2.4, .7); the whole response is the safe side.
      case "no-cache":
        said.noCache = true;
        break;
      case "private":
        said.isPrivate = true;
        break;
      case "public":
        said.isPublic = true;
        break;
      case "must-revalidate":
      case "proxy-revalidate":
        said.mustRevalidate = true;
        break;
      case "only-if-cached":
        said.onlyIfCached = true;
        break;
      case "max-age":
        said.maxAge = least(said.maxAge, seconds(argument) ?? 0);
        break;
      case "s-maxage":
        said.sharedMaxAge = least(said.sharedMaxAge, seconds(argument) ?? 0);
        break;
      case "min-fresh":
        said.minFresh = seconds(argument) ?? SECONDS_MAX;
        break;
    }
  }
  return said;
}

/** Of several the least (RFC 9111 §4.2.1 leaves the choice between the first and nothing). */
function least(one: number | undefined, other: number): number {
  return one === undefined ? other : Math.min(one, other);
}

/** Undefined for what is no number of seconds. */
export function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), SECONDS_MAX) : undefined;
}
