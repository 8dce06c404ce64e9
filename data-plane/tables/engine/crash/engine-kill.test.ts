/** The engine's process is killed at random moments while it writes in every way; see `tests/soak/tables-kill.ts` for the long form. */

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { scratchDirectory } from "../testing/fixture.ts";
import { History } from "./history.ts";
import { examine, liveAndDie } from "./kill-writer.ts";

const KILLS = 6;

test(`after each of ${KILLS} kills everything acknowledged is there, indexes and stream agree, and there is nothing else`, async () => {
  const directory = scratchDirectory("biplane-tables-kill-");
  try {
    const history = new History();
    for (let life = 1; life <= KILLS; life++) {
      await liveAndDie(directory, life, 50 + Math.floor(Math.random() * 1500), history);
      expect(await examine(directory, history)).toEqual([]);
    }
    expect(history.acknowledged).toBeGreaterThan(KILLS * 10);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
