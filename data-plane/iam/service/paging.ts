/** Pages of lists (IAM API Reference: `MaxItems`, `Marker`, `IsTruncated`). */
import { createHash } from "node:crypto";
import { validationError } from "../errors.ts";

/** What IAM takes when the caller does not say. The model allows 1 to 1,000. */
const PAGE_DEFAULT = 100;

export interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** The members that every list ends with. */
export interface PageEnd {
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly end: PageEnd;
}

/**
 * One page of a list.
 *
 * A marker holds the key of the last item that was shown, so that the next page starts behind it whatever was created or deleted meanwhile.
 *
 * @param items in ascending order of their keys
 * @param scope what the list is of; a marker of another list is refused
 * @throws AwsError ValidationError
 * @example
 * const { items, end } = pageOf(users, ({ name }) => name, input, `ListUsers ${accountId}`);
 */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { Marker, MaxItems }: PageRequest,
  scope: string,
): Page<Item> {
  const limit = MaxItems ?? PAGE_DEFAULT;
  const start = Marker === undefined ? 0 : firstAfter(items, keyOf, readMarker(Marker, scope));
  const shown = items.slice(start, start + limit);
  const last = shown.at(-1);
  if (last === undefined || start + limit >= items.length) return { items: shown, end: { IsTruncated: false } };
  return { items: shown, end: { IsTruncated: true, Marker: writeMarker(keyOf(last), scope) } };
}

/** Items by their keys, in the order of UTF-16 code units, which is that of bytes for names of IAM. */
export const byKey =
  <Item>(keyOf: (item: Item) => string) =>
  (left: Item, right: Item): number => {
    const [a, b] = [keyOf(left), keyOf(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  };

function firstAfter<Item>(items: readonly Item[], keyOf: (item: Item) => string, key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(items[middle]!) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Half of an MD5's length: a marker gives no access, so that this only has to find mistakes. */
const CHECK_BYTES = 8;

function writeMarker(key: string, scope: string): string {
  const check = createHash("sha256").update(`${scope}\0${key}`).digest().subarray(0, CHECK_BYTES);
  return Buffer.concat([check, Buffer.from(key)]).toString("base64url");
}

function readMarker(marker: string, scope: string): string {
  const key = Buffer.from(marker, "base64url").subarray(CHECK_BYTES).toString();
  if (writeMarker(key, scope) !== marker) throw validationError("Invalid Marker.");
  return key;
}
