/** Where the next page of a SELECT begins, as a text that clients give back (DynamoDB API Reference, ExecuteStatement, NextToken). Pure. */
import { createHash } from "node:crypto";
import { type AttributeValue, type Item, normalizeItem, TableValidation } from "#data-plane/tables/values";

/** A place in the reads of a plan. */
export interface ReadPosition {
  /** Number of the query; 0 for a scan. */
  readonly query: number;
  /** Behind this key; from the beginning of the query when undefined. */
  readonly start?: Item;
}

/** What a token belongs to: the same statement, parameters and table. */
export function tokenScope(statement: string, parameters: readonly AttributeValue[], tableId: string): string {
  return createHash("sha256")
    .update(JSON.stringify([tableId, statement, parameters]))
    .digest("base64url")
    .slice(0, 22);
}

export function writeToken(scope: string, { query, start }: ReadPosition): string {
  return Buffer.from(JSON.stringify({ scope, query, ...(start === undefined ? {} : { start }) })).toString("base64url");
}

/**
 * The key in the position still has to be checked against what is read: anybody can write a token.
 * @throws TableValidation for what is no token, or that of another statement
 */
export function readToken(scope: string, token: string): ReadPosition {
  const parsed = parse(token);
  if (typeof parsed?.scope !== "string" || !Number.isSafeInteger(parsed.query) || (parsed.query as number) < 0) {
    throw new TableValidation("Invalid NextToken");
  }
  if (parsed.scope !== scope) throw new TableValidation("The provided starting key is invalid");
  const query = parsed.query as number;
  return parsed.start === undefined ? { query } : { query, start: normalizeItem(parsed.start) };
}

function parse(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    return typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
