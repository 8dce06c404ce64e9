/** The engine's process is killed at random moments while it writes in every way; see `tests/soak/engine-kill.ts` for the long form. */

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { History } from "./history.ts";
import { examine, liveAndDie } from "./kill-writer.ts";
import { scratchDirectory } from "./scratch.ts";

const KILLS = 10;

test(`after each of ${KILLS} kills everything acknowledged is there, whole, and nothing else`, async () => {
  const directory = scratchDirectory("biplane-kill-");
  try {
    const history = new History();
    for (let life = 1; life <= KILLS; life++) {
      await liveAndDie(directory, life, 10 + Math.floor(Math.random() * 250), history);
      expect(await examine(directory, history)).toEqual([]);
    }
    expect(history.acknowledged).toBeGreaterThan(KILLS);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
