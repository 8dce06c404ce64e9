/**
 * Plays on one simulated machine, whose program does nothing: the test itself opens engines on its disk.
 */
import type { Runtime } from "#foundation/runtime";
import { type Machine, simulate, type World } from "#foundation/runtime/simulation";
import { type Engine, type EngineOptions, openEngine, type Pair, type RangeCursor } from "../index.ts";
import { EVERYTHING, pairText, TINY } from "./model.ts";

export const DIRECTORY = "/engine";

/** Runs a scenario that must end well. */
export function play(scenario: (machine: Machine, world: World) => Promise<void>, diskCapacityBytes?: number): void {
  const { failure } = simulate({
    seed: 1,
    machines: { m: { program: async () => {}, diskCapacityBytes } },
    scenario: (world) => scenario(world.machine("m"), world),
  });
  if (failure !== undefined) throw failure.cause ?? failure;
}

/** Makes the engine's directory, durably, unless it is there. */
export async function prepareDirectory({ disk }: Runtime): Promise<void> {
  if (!(await disk.exists(DIRECTORY))) await disk.makeDirectory(DIRECTORY);
  await disk.syncDirectory("/");
}

/** Everything that a cursor gives. */
export async function readAll(cursor: RangeCursor): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const pair of cursor) texts.push(pairText(pair));
  return texts;
}

export function readEverything(engine: Engine): Promise<readonly string[]> {
  return readAll(engine.range(EVERYTHING.begin, EVERYTHING.end));
}

export async function readFile({ disk }: Runtime, name: string): Promise<Uint8Array> {
  const file = await disk.open(`${DIRECTORY}/${name}`, "read");
  const bytes = await file.read(0, await file.size());
  await file.close();
  return bytes;
}

export async function writeFile({ disk }: Runtime, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(`${DIRECTORY}/${name}`, "replace");
  await file.write(0, bytes);
  await file.sync();
  await file.close();
  await disk.syncDirectory(DIRECTORY);
}

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a promise is rejected with; undefined when it is not. (`expect(…).rejects` waits for the real event loop, which stands still in a simulation.) */
export async function rejection(promise: unknown): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Opens the engine on the machine's disk, with tiny blocks, runs and levels. */
export async function openTiny(runtime: Runtime, options: Partial<EngineOptions> = {}): Promise<Engine> {
  await prepareDirectory(runtime);
  return openEngine(runtime, { directory: DIRECTORY, ...TINY, ...options });
}

/** Keys `<letter>000` … with values of 50 bytes. */
export function sets(letter: string, count: number, step = 1): readonly (Pair & { readonly type: "set" })[] {
  return Array.from({ length: count }, (_, i) => {
    return { type: "set", key: bytesOf(keyText(letter, i * step)), value: new Uint8Array(50).fill(i) };
  });
}

export function keyText(letter: string, i: number): string {
  return letter + String(i).padStart(3, "0");
}
