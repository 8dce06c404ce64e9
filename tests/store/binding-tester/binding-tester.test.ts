/**
 * FoundationDB's binding tester on our client and the store in memory: some of the published programs, or all of them with `BIPLANE_BINDING_TESTER=all`
 * (`scripts/bun tests/soak/binding-tester.ts`). No program is left out.
 */
import { expect } from "bun:test";
import { createMemoryStore } from "#data-plane/store/memory";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import { vectorsDirectory, vectorTest } from "../../support/skips.ts";
import { programNames, readProgram } from "./program.ts";
import { allocatedPrefixes, checkVersionstamps, collisions } from "./promises.ts";
import { replay } from "./replay.ts";

const all = process.env.BIPLANE_BINDING_TESTER === "all";
/** How many of a kind are run of late, the smaller ones: some seconds. */
const SHARE: Readonly<Record<string, number>> = {
  scripted: 1,
  api: 6,
  interleaved: 6,
  directory: 3,
  directory_hca: 1,
  tuple: 0,
};
const TIMEOUT_MS = 600_000;

vectorTest(
  "what the scripted program leaves behind is what FoundationDB publishes for it",
  () => run("scripted"),
  TIMEOUT_MS,
);

vectorTest("programs of random calls leave behind what they should", () => run("api"), TIMEOUT_MS);

vectorTest("programs of transactions that cross one another do", () => run("interleaved"), TIMEOUT_MS);

vectorTest("programs of directories do", () => run("directory"), TIMEOUT_MS);

vectorTest("directories made at the same time share no prefix", () => run("directory_hca"), TIMEOUT_MS);

if (all) vectorTest("programs of tuples leave behind what they should", () => run("tuple"), TIMEOUT_MS);

async function run(test: string): Promise<void> {
  const vectors = vectorsDirectory!;
  const names = programNames(vectors).filter((name) => name.slice(0, name.lastIndexOf("-")) === test);
  const chosen = all ? names : names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).slice(0, SHARE[test]);
  expect(chosen.length).toBeGreaterThan(0);
  for (const name of chosen) await check(name);
}

async function check(name: string): Promise<void> {
  const program = readProgram(vectorsDirectory!, name);
  const store = createMemoryStore(createVirtualTime(0), { window: "all" });
  const { differences, compared, contents } = await replay(program, store, systemRandom);
  expect([name, differences.slice(0, 5)]).toEqual([name, []]);
  if (program.test !== "directory_hca") expect(compared).toBeGreaterThan(0);
  else expect(allocatedPrefixes(contents).length).toBeGreaterThan(10);
  expect([name, collisions(allocatedPrefixes(contents))]).toEqual([name, []]);
  const stamps = checkVersionstamps(contents);
  expect([name, stamps.wrong]).toEqual([name, []]);
  if (program.test === "api") expect(stamps.checked).toBeGreaterThan(0);
}
