/**
 * A process that writes until it is killed, and says what it does: a line before each operation and one after its acknowledgement.
 *
 *     bun crash-writer.ts <directory> <life>
 */
import { writeSync } from "node:fs";
import { systemClock, systemTimers } from "#foundation/runtime";
import { openTableEngine } from "../open-table-engine.ts";
import type { ItemAction } from "../port.ts";
import { crashTable, itemOf, keyOf } from "./crash-table.ts";
import type { Line } from "./history.ts";

const [directory = "", life = "1"] = process.argv.slice(2);
/** Keys of one caller, so that no two operations in flight are about one key. */
const KEYS_PER_CALLER = 12;
const CALLERS = 16;

const engine = await openTableEngine({ directory, clock: systemClock, timers: systemTimers, hosting: "worker" });
const { tableId } = crashTable(1);
await engine.ensure(crashTable(Number(life)));

let operations = 0;
/** Synchronous, so that what was said before a write is known whatever happens to the process afterwards. */
function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function caller(number: number): Promise<void> {
  let random = Number(life) * 7919 + number;
  const next = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0;
    return (random >>> 8) % below;
  };
  for (;;) {
    const id = ++operations;
    const count = next(4) === 0 ? 2 + next(3) : 1;
    const first = next(KEYS_PER_CALLER);
    const changes = Array.from({ length: count }, (_, at) => {
      const key = `c${number}-${(first + at) % KEYS_PER_CALLER}`;
      return { key, value: next(5) === 0 ? null : `${life}.${id}` };
    });
    say({ begin: id, changes });
    const actions = changes.map(
      ({ key, value }): ItemAction =>
        value === null ? { kind: "delete", key: keyOf(key) } : { kind: "put", item: itemOf(key, value) },
    );
    if (count === 1) await engine.write({ tableId, action: actions[0]! });
    else await engine.transact(actions.map((action) => ({ tableId, action })));
    say({ end: id });
  }
}

writeSync(1, "ready\n");
await Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)));
