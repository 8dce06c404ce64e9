/** The embedded engine on a temporary directory. */

import { rmSync } from "node:fs";
import { type Clock, systemRandom, systemTimers } from "#foundation/runtime";
import { scratchDirectory } from "../crash/scratch.ts";
import type { EmbeddedEngine } from "../embedded-engine.ts";
import { type EmbeddedEngineOptions, openEmbeddedEngine } from "../open-embedded-engine.ts";
import type { EngineFixture } from "./fixture.ts";

export interface EmbeddedFixture extends EngineFixture {
  readonly engine: EmbeddedEngine;
  readonly directory: string;
}

export async function openEmbeddedFixture(
  hosting: EmbeddedEngineOptions["hosting"],
  options: Partial<EmbeddedEngineOptions> = {},
): Promise<EmbeddedFixture> {
  const directory = scratchDirectory("biplane-objects-");
  let now = Date.UTC(2030, 0, 1);
  const clock: Clock = { now: () => now, monotonicMs: () => performance.now() };
  const open = () =>
    openEmbeddedEngine({ directory, clock, random: systemRandom, timers: systemTimers, hosting, ...options });
  let engine = await open();
  return {
    directory,
    get engine() {
      return engine;
    },
    async reopen() {
      await engine.close();
      engine = await open();
    },
    advance(ms) {
      now += ms;
    },
    now: () => now,
    async close() {
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
