/** Numbers for bodies, taken from the record keeper in blocks, so that giving one costs nothing. */

import type { EngineHost } from "#foundation/sql";
import type { NumberBlock, RecordOperations } from "./records/commands.ts";

/** With fewer left than this the next block is asked for; at 10,000 bodies a second these last 6 s. */
const REFILL_BELOW = 65_536;

/** Resolves to the function that gives the next number. */
export async function openBodyNumbers(
  records: Pick<EngineHost<RecordOperations>, "apply">,
): Promise<() => number | Promise<number>> {
  let block = await records.apply("reserveBodies", undefined);
  let following: NumberBlock | undefined;
  let refilling: Promise<void> | undefined;

  const refill = (): Promise<void> => {
    refilling ??= records
      .apply("reserveBodies", undefined)
      .then((next) => {
        following = next;
      })
      .finally(() => {
        refilling = undefined;
      });
    return refilling;
  };
  const take = (): number | undefined => {
    if (block.first === block.end && following !== undefined) {
      block = following;
      following = undefined;
    }
    if (block.first === block.end) return undefined;
    const number = block.first;
    block = { first: number + 1, end: block.end };
    return number;
  };

  const takeLater = async (): Promise<number> => {
    for (;;) {
      await refill();
      const number = take();
      // Others who waited may have taken the whole block.
      if (number !== undefined) return number;
    }
  };

  return () => {
    const number = take();
    // A failed refill shows when the numbers have run out, and is tried again then.
    if (block.end - block.first < REFILL_BELOW && following === undefined) refill().catch(() => undefined);
    return number ?? takeLater();
  };
}
