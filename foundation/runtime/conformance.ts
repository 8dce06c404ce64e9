/**
 * One suite for every implementation of the runtime port: what the docstrings of `ports/` promise, asked of the real thing.
 */

import { describe } from "bun:test";
import { diskConformance } from "./conformance/disk.ts";
import type { InWorld } from "./conformance/harness.ts";
import { networkConformance } from "./conformance/network.ts";
import { timeConformance } from "./conformance/time.ts";

/** Registers the suite for the implementation called `name`; `inWorld` runs each test in a world of its own. */
export function runtimeConformance(name: string, inWorld: InWorld): void {
  describe(`${name}: time, randomness and tasks`, () => timeConformance(inWorld));
  describe(`${name}: disk`, () => diskConformance(inWorld));
  describe(`${name}: network`, () => networkConformance(inWorld));
}
