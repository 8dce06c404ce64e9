/** The embedded engine on a temporary directory, under virtual time. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import { type EmbeddedQueuesOptions, openEmbeddedQueues } from "../open-embedded-queues.ts";
import type { QueueFixture } from "./fixture.ts";

export interface EmbeddedQueueFixture extends QueueFixture {
  readonly directory: string;
}

/** Time is moved in steps, so that what a timer starts has an end before the next one: of this length, but not too many. */
const STEP_MS = 100;
const STEPS_MAX = 100;
/** Commands that a woken consumer may need, one after the other. */
const ROUND_TRIPS = 4;

export async function openEmbeddedFixture(hosting: EmbeddedQueuesOptions["hosting"]): Promise<EmbeddedQueueFixture> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-queues-"));
  const time = createVirtualTime(Date.UTC(2030, 0, 1));
  const { clock, timers } = time;
  const inFlightMax = 50;
  const open = () => openEmbeddedQueues({ directory, clock, timers, random: systemRandom, hosting, inFlightMax });
  let engine = await open();
  /** A command is carried out after all those that were given before. */
  const settle = async (): Promise<void> => {
    for (let round = 0; round < ROUND_TRIPS; round++) await engine.marked();
  };
  return {
    directory,
    inFlightMax,
    get engine() {
      return engine;
    },
    now: () => clock.now(),
    async pass(ms) {
      const steps = Math.min(STEPS_MAX, Math.ceil(ms / STEP_MS));
      const end = clock.now() + ms;
      await settle();
      for (let step = steps; step > 0; step--) {
        time.advance(Math.round((end - clock.now()) / step));
        await settle();
      }
    },
    skip: (ms) => time.advance(ms),
    async reopen() {
      await engine.close();
      engine = await open();
    },
    async close() {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
