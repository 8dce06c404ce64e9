/** Pages of names (SQS API Reference, ListQueues, ListDeadLetterSourceQueues). */
import { invalidParameter, invalidValue } from "../errors.ts";

const PAGE_MAX = 1000;

interface Named {
  readonly name: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent on the last page, and where the caller did not ask for pages. */
  readonly nextToken: string | undefined;
}

/**
 * One page of a list that is sorted by name.
 *
 * @param prefix of the names that count
 * @throws AwsError InvalidParameterValue
 */
export function pageOf<Item extends Named>(
  sorted: readonly Item[],
  prefix: string,
  maxResults: number | undefined,
  token: string | undefined,
): Page<Item> {
  if (maxResults !== undefined && (maxResults < 1 || maxResults > PAGE_MAX)) {
    throw invalidValue(maxResults, "MaxResults", `Must be between 1 and ${PAGE_MAX}, if provided.`);
  }
  const limit = maxResults ?? PAGE_MAX;
  const after = token === undefined || token === "" ? undefined : readToken(token);
  const start = after === undefined || after < prefix ? prefix : `${after}\0`;
  const items: Item[] = [];
  for (let at = lowerBound(sorted, start); at < sorted.length; at++) {
    const item = sorted[at]!;
    if (!item.name.startsWith(prefix)) break;
    if (items.length === limit) {
      return { items, nextToken: maxResults === undefined ? undefined : writeToken(items[limit - 1]!.name) };
    }
    items.push(item);
  }
  return { items, nextToken: undefined };
}

function lowerBound(sorted: readonly Named[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

const VERSION = "1:";

const writeToken = (name: string): string => Buffer.from(VERSION + name).toString("base64url");

function readToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (!text.startsWith(VERSION) || writeToken(text.slice(VERSION.length)) !== token) {
    throw invalidParameter("Invalid or expired next token.");
  }
  return text.slice(VERSION.length);
}
