/** Tokens that make transactions idempotent. */
import type { Database } from "#foundation/sql";
import type { TransactToken, WriteDone } from "../port.ts";

/** How long a token is good for, from the moment the transaction was done (DynamoDB API Reference, TransactWriteItems). */
export const TOKEN_LIFE_MS = 10 * 60 * 1000;

export interface TokenBook {
  /** What was done under the token; `mismatch` when that was another request. */
  find(token: TransactToken, now: number): readonly WriteDone[] | "mismatch" | undefined;
  keep(token: TransactToken, now: number, results: readonly WriteDone[]): void;
}

interface TokenRow {
  readonly digest: string;
  readonly done_at: number;
  readonly sizes: string;
}

export function createTokenBook(database: Database): TokenBook {
  const find = database.prepare<TokenRow>(
    "SELECT digest, done_at, sizes FROM transact_tokens WHERE scope = ?1 AND token = ?2",
  );
  const keep = database.prepare(
    "INSERT OR REPLACE INTO transact_tokens (scope, token, digest, done_at, sizes) VALUES (?1, ?2, ?3, ?4, ?5)",
  );
  return {
    find({ scope, token, digest }, now) {
      const row = find.get(scope, token);
      if (row === undefined || now - row.done_at >= TOKEN_LIFE_MS) return undefined;
      if (row.digest !== digest) return "mismatch";
      const sizes = JSON.parse(row.sizes) as readonly (readonly [number, number])[];
      return sizes.map(([oldSize, newSize]) => ({ oldSize, newSize }));
    },
    keep({ scope, token, digest }, now, results) {
      const sizes = results.map(({ oldSize, newSize }) => [oldSize, newSize]);
      keep.run(scope, token, digest, now, JSON.stringify(sizes));
    },
  };
}

/** Removes tokens that are too old. Answers whether there may be more. */
export function trimTokens(database: Database, now: number, limit: number): boolean {
  const { changes } = database
    .prepare(
      `DELETE FROM transact_tokens WHERE (scope, token) IN
         (SELECT scope, token FROM transact_tokens WHERE done_at <= ?1 ORDER BY done_at LIMIT ?2)`,
    )
    .run(now - TOKEN_LIFE_MS, limit);
  return changes === limit;
}
