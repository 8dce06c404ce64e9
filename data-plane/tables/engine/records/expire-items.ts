/** Deletes items whose time has come. */
import { encodeKeyPart } from "#data-plane/tables/values";
import type { ActionCommand } from "../messages/write-commands.ts";
import { allWith, type ByteRange } from "../model/byte-range.ts";
import { performWrite } from "./perform-write.ts";
import { planWrite } from "./plan-write.ts";
import type { TableBook } from "./table-book.ts";
import { createTally } from "./tally.ts";

/** Items of one piece: about 20 µs each. */
const ITEMS_MAX = 64;
/** Items that expired earlier are left alone (DynamoDB Developer Guide, "Time to Live": five years). */
const OLDEST_SECONDS = 5 * 365 * 24 * 60 * 60;

export function createExpiry(book: TableBook): (now: number) => { more: boolean; streams: readonly number[] } {
  return (now) => {
    const tally = createTally();
    let left = ITEMS_MAX;
    for (const table of book.all()) {
      if (table.shape.state !== "open") continue;
      const index = table.indexes.find(({ shape }) => shape.kind === "expiry");
      if (index === undefined) continue;
      for (const id of index.entries.idsIn(expiredAt(now), left)) {
        const key = table.items.keyOf(id);
        if (key === undefined) throw new Error(`entry of index ${index.shape.number} for the missing item ${id}`);
        const plan = planWrite(table, expiration(table.shape.number, key));
        if (plan.refused !== undefined) throw new Error(`the expiration of an item was refused: ${plan.refused}`);
        performWrite(plan, now, tally);
        left--;
      }
      if (left === 0) break;
    }
    return { more: left === 0, streams: tally.flush() };
  };
}

function expiredAt(now: number): ByteRange {
  const second = Math.floor(now / 1000);
  const at = (seconds: number): Uint8Array => encodeKeyPart("N", { N: String(seconds) });
  return { lower: at(Math.max(0, second - OLDEST_SECONDS)), upper: allWith(at(second)).upper };
}

function expiration(table: number, key: Uint8Array): ActionCommand {
  return { table, kind: "expire", wishes: {}, key, text: "", size: 0 };
}
