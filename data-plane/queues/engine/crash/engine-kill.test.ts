/** The engine's process is killed at random moments while queues are used in every way; see `tests/soak/queue-kill.ts` for the long form. */

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { History } from "./history.ts";
import { examine, liveAndDie } from "./kill-writer.ts";

const KILLS = 6;

test(`after each of ${KILLS} kills everything acknowledged is so`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-queue-kill-"));
  try {
    const history = new History();
    for (let life = 1; life <= KILLS; life++) {
      await liveAndDie(directory, life, 20 + Math.floor(Math.random() * 600), history);
      expect(await examine(directory, history)).toEqual([]);
    }
    expect(history.acknowledged).toBeGreaterThan(KILLS);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
