/** The program behind `tests/soak/queue-kill.ts`: kills the engine's process many times and examines what each life left. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { History } from "./history.ts";
import { examine, liveAndDie } from "./kill-writer.ts";

/** Lives on one directory: what nobody deletes piles up, and one look shows a thousand messages. */
const LIVES_PER_DIRECTORY = 5;

const kills = Number(process.argv[2] ?? "50");
let acknowledged = 0;
for (let life = 1; life <= kills; ) {
  const directory = mkdtempSync(join(tmpdir(), "biplane-queue-kill-"));
  const history = new History();
  for (const last = Math.min(kills, life + LIVES_PER_DIRECTORY - 1); life <= last; life++) {
    await liveAndDie(directory, life, 10 + Math.floor(Math.random() * 1500), history);
    const problems = await examine(directory, history);
    if (problems.length === 0) continue;
    console.error(`life ${life}, left in ${directory}:\n${problems.join("\n")}`);
    process.exit(1);
  }
  acknowledged += history.acknowledged;
  rmSync(directory, { recursive: true, force: true });
}
console.log(`${kills} kills, ${acknowledged} acknowledged steps, nothing lost, nothing twice`);
