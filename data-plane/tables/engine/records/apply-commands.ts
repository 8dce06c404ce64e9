/** Applies a batch of writes and transactions, in their order. */
import type { Database } from "#foundation/sql";
import { createBatchReader, type WriteCommand } from "../messages/write-commands.ts";
import { type CommandResult, packResults } from "../messages/write-results.ts";
import type { WriteDone, WriteRefused } from "../port.ts";
import { performWrite } from "./perform-write.ts";
import { type PlannedWrite, planWrite } from "./plan-write.ts";
import type { TableBook } from "./table-book.ts";
import { createTally, type Tally } from "./tally.ts";
import { createTokenBook, type TokenBook } from "./transact-tokens.ts";

export function createCommandApplier(database: Database, book: TableBook): (packed: string) => string {
  const tokens = createTokenBook(database);
  const readBatch = createBatchReader();
  return (packed) => {
    const { now, commands } = readBatch(packed);
    const tally = createTally();
    const results = commands.map((command) => applyCommand(book, tokens, command, now, tally));
    return packResults({ streams: tally.flush(), results });
  };
}

function applyCommand(
  book: TableBook,
  tokens: TokenBook,
  { plain, actions, token }: WriteCommand,
  now: number,
  tally: Tally,
): CommandResult {
  if (token !== undefined) {
    const before = tokens.find(token, now);
    if (before === "mismatch") return { outcome: "tokenMismatch" };
    if (before !== undefined) return { outcome: "done", results: before, repeated: true };
  }
  const plans: PlannedWrite[] = [];
  const reasons: (WriteRefused | undefined)[] = [];
  let refused = false;
  for (const action of actions) {
    const table = book.byNumber(action.table);
    if (table === undefined) return { outcome: "failed", failed: "NoSuchTable" };
    if (table.shape.state !== "open") return { outcome: "failed", failed: "TableClosed" };
    const plan = planWrite(table, action);
    if (plan.refused === undefined) {
      plans.push(plan);
      reasons.push(undefined);
    } else {
      reasons.push(plan);
      refused = true;
    }
  }
  if (refused) {
    return plain ? { outcome: "written", result: reasons[0]! } : { outcome: "cancelled", reasons };
  }
  // All were planned on what was there before the first is done: no two are about the same item.
  const results: WriteDone[] = plans.map((plan) => performWrite(plan, now, tally));
  if (token !== undefined) tokens.keep(token, now, results);
  return plain ? { outcome: "written", result: results[0]! } : { outcome: "done", results, repeated: false };
}
