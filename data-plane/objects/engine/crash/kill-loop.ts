/** The program behind `tests/soak/engine-kill.ts`: kills the engine's process many times and examines what each life left. */

import { rmSync } from "node:fs";
import { History } from "./history.ts";
import { examine, liveAndDie } from "./kill-writer.ts";
import { scratchDirectory } from "./scratch.ts";

/** Lives on one directory; versions pile up, and all of them are read after each life. */
const LIVES_PER_DIRECTORY = 10;

const kills = Number(process.argv[2] ?? "50");
let acknowledged = 0;
for (let life = 1; life <= kills; ) {
  const directory = scratchDirectory("biplane-kill-");
  const history = new History();
  for (const last = Math.min(kills, life + LIVES_PER_DIRECTORY - 1); life <= last; life++) {
    await liveAndDie(directory, life, 10 + Math.floor(Math.random() * 600), history);
    const problems = await examine(directory, history);
    if (problems.length === 0) continue;
    console.error(`life ${life}, left in ${directory}:\n${problems.join("\n")}`);
    process.exit(1);
  }
  acknowledged += history.acknowledged;
  rmSync(directory, { recursive: true, force: true });
}
console.log(`${kills} kills, ${acknowledged} acknowledged writes, nothing lost, nothing stray`);
