/** One life of the crash writer, and the examination of what it left. */

import type { BucketId } from "#contracts";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { killAfterLines } from "#foundation/sql/testing";
import { collect } from "../conformance/fixture.ts";
import type { EmbeddedEngine } from "../embedded-engine.ts";
import { openEmbeddedEngine } from "../open-embedded-engine.ts";
import type { ObjectVersion } from "../port.ts";
import { auditDirectory } from "./audit.ts";
import { bytesOfContents, type History, type KeyState, MARKER } from "./history.ts";

/** Starts the writer, kills it `afterLines` lines later with SIGKILL, and records all it said. */
export function liveAndDie(directory: string, seed: number, afterLines: number, history: History): Promise<void> {
  const program = `${import.meta.dir}/crash-writer.ts`;
  return killAfterLines(program, [directory, String(seed)], afterLines, (line) => history.record(JSON.parse(line)));
}

/** Opens what was left, compares it with the history, closes it and audits the directory. Returns what is wrong. */
export async function examine(directory: string, history: History): Promise<readonly string[]> {
  const engine = await openEmbeddedEngine({
    directory,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    hosting: "inline",
  });
  const problems: string[] = [];
  try {
    for (const name of history.keys) {
      const [bucketId, key] = splitName(name);
      const problem = history.accept(name, await stateOf(engine, bucketId, key, problems));
      if (problem !== undefined) problems.push(problem);
    }
    await engine.settle();
  } finally {
    await engine.close();
  }
  return [...problems, ...auditDirectory(directory)];
}

function splitName(name: string): [BucketId, string] {
  const at = name.indexOf(" ");
  return [name.slice(0, at) as BucketId, name.slice(at + 1)];
}

export async function stateOf(
  engine: EmbeddedEngine,
  bucketId: BucketId,
  key: string,
  problems: string[],
): Promise<KeyState> {
  const { entries } = await engine.listVersions({ bucketId, prefix: key, delimiter: "", limit: 1000 });
  const state: string[] = [];
  for (const version of entries) {
    if (version.key !== key) continue;
    state.push(version.deleteMarker ? MARKER : version.etag);
    if (!version.deleteMarker) problems.push(...(await compareBytes(engine, version)));
  }
  return state;
}

async function compareBytes(engine: EmbeddedEngine, version: ObjectVersion): Promise<string[]> {
  try {
    const bytes = await collect(await engine.read(version, undefined));
    if (Buffer.compare(bytes, bytesOfContents(version.etag)) === 0) return [];
    return [`${version.key}: the bytes of ${version.etag} are not those that were put`];
  } catch (error) {
    return [`${version.key}: ${version.etag} cannot be read: ${error}`];
  }
}
