/**
 * Runs a program on a store and compares what it leaves behind with what is expected.
 */

import type { KeyValue, StoreBackend } from "#data-plane/store/backend";
import { openDatabase } from "#data-plane/store/client";
import { keyAfter } from "#data-plane/store/keys";
import type { Mutation } from "#data-plane/store/transactions";
import { pack } from "#data-plane/store/tuple";
import { createVirtualTime, type Random, type Timers } from "#foundation/runtime";
import type { Program } from "./program.ts";
import { StackMachine } from "./stack-machine.ts";

export interface Difference {
  readonly key: string;
  readonly expected: readonly string[] | undefined;
  readonly found: string | undefined;
}

export interface Replay {
  readonly differences: readonly Difference[];
  /** How many pairs were compared. */
  readonly compared: number;
  /** Every pair of the store after the program, in order. */
  readonly contents: readonly KeyValue[];
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const AT_ONCE = 1_000;

/**
 * @param store empty; whose versions stay readable for the whole run. Not closed.
 * @param random decides only how long is waited, and which prefixes are allocated
 */
export async function replay(program: Program, store: StoreBackend, random: Random): Promise<Replay> {
  const { prefix } = program;
  await fill(store, program.preload);
  await fill(
    store,
    program.instructions.map((instruction, i) => [pack([prefix, i]), instruction]),
  );
  const { timers } = createVirtualTime(0);
  const db = openDatabase(store, { runtime: { timers: immediate(timers), random } });
  await new StackMachine(db, prefix, random).run();
  const contents = await readAll(store);
  return { ...compare(contents, program), contents };
}

/** Nobody is measured here: what waits for its next attempt goes on at once. */
function immediate(timers: Timers): Timers {
  return {
    ...timers,
    after(_delayMs, run) {
      let cancelled = false;
      queueMicrotask(() => {
        if (!cancelled) run();
      });
      return {
        cancel: () => {
          cancelled = true;
        },
      };
    },
  };
}

async function fill(store: StoreBackend, pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Promise<void> {
  for (let from = 0; from < pairs.length; from += AT_ONCE) {
    const mutations = pairs.slice(from, from + AT_ONCE).map(([key, value]): Mutation => ({ type: "set", key, value }));
    await store.commit({ readVersion: undefined, reads: [], writes: [], mutations, idempotencyId: new Uint8Array(0) });
  }
}

async function readAll(store: StoreBackend): Promise<KeyValue[]> {
  const version = await store.getReadVersion();
  const limits = { limit: AT_ONCE, bytesMax: Number.POSITIVE_INFINITY, reverse: false };
  const all: KeyValue[] = [];
  for (let begin: Uint8Array = new Uint8Array(0); ; ) {
    const { pairs, more } = await store.getRange(begin, Uint8Array.of(0xff), version, limits);
    all.push(...pairs);
    if (!more) return all;
    begin = keyAfter(pairs[pairs.length - 1]!.key);
  }
}

function compare(
  contents: readonly KeyValue[],
  { expected }: Program,
): { differences: Difference[]; compared: number } {
  const differences: Difference[] = [];
  let compared = 0;
  const found = contents.map(({ key, value }) => [hex(key), hex(value)] as const);
  for (const { subspace, rows } of expected) {
    const missing = new Set(rows.keys());
    for (const [key, value] of found) {
      // The range of a subspace: without its own key, and with nothing from 0xFF on.
      if (!key.startsWith(subspace) || key === subspace || key.startsWith(`${subspace}ff`)) continue;
      compared++;
      missing.delete(key);
      const wanted = rows.get(key);
      if (!wanted?.includes(value)) differences.push({ key, expected: wanted, found: value });
    }
    for (const key of missing) differences.push({ key, expected: rows.get(key), found: undefined });
  }
  return { differences, compared };
}
