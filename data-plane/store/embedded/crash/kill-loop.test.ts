import { expect, test } from "bun:test";
import { killLoop } from "./kill-loop.ts";

/** `tests/soak/embedded-kill.ts` makes more. */
const KILLS = Number(process.env.BIPLANE_KILLS ?? 20);

test(`what was acknowledged is there after each of ${KILLS} times kill -9`, async () => {
  const { acknowledged } = await killLoop(KILLS);
  expect(acknowledged).toBeGreaterThan(KILLS);
}, 300_000);
