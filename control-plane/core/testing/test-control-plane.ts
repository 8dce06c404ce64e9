/** A control plane in a temporary directory, with a clock that the test moves and randomness from a seed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId, Command, CommandOrigin, CommandOutcome, Region } from "#contracts";
import type { EventStore } from "#control-plane/events";
import { createVirtualTime, type Random, type VirtualTime } from "#foundation/runtime";
import type { ControlPlane } from "../control-plane.ts";
import { type ControlPlaneOptions, openControlPlane } from "../open-control-plane.ts";

export const START_MS = Date.UTC(2026, 0, 1);

export interface TestControlPlane {
  readonly directory: string;
  readonly time: VirtualTime;
  readonly controlPlane: ControlPlane;
  /** Closes and opens again over the same directory. */
  reopen(options?: Partial<ControlPlaneOptions>): Promise<ControlPlane>;
}

export interface TestOptions extends Partial<ControlPlaneOptions> {
  /** Makes a log, where it is not to be the SQLite file, and says how it is opened at each start. */
  readonly createLog?: () => Promise<() => Promise<EventStore>>;
}

/** Accepts JSON objects, as the real parser does; the grammar is tested where it lives. */
export function parsePolicyLoosely(document: string): unknown {
  const policy: unknown = JSON.parse(document);
  if (typeof policy !== "object" || policy === null) throw new Error("Syntax errors in policy.");
  return policy;
}

/** A small generator (xorshift128, Marsaglia 2003) whose children depend on their names alone. */
export function seededRandom(seed: string): Random {
  const state = new Uint32Array(new Uint8Array(new Bun.CryptoHasher("md5").update(seed).digest()).buffer);
  const uint32 = (): number => {
    let t = state[3]!;
    t ^= t << 11;
    t ^= t >>> 8;
    state.copyWithin(1, 0, 3);
    t ^= state[0]! ^ (state[0]! >>> 19);
    state[0] = t;
    return state[0]!;
  };
  return {
    uint32,
    float: () => uint32() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff),
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}

let requests = 0;

export function origin(idempotencyKey?: string, actor = "system:test"): CommandOrigin {
  return { actor, requestId: `request-${++requests}`, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
}

/** Runs `body` with a fresh control plane and removes everything afterwards. */
export async function withControlPlane(
  body: (test: TestControlPlane) => Promise<void>,
  { createLog, ...options }: TestOptions = {},
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-control-"));
  const time = createVirtualTime(START_MS);
  const openStore = await createLog?.();
  let generation = 0;
  const openIt = async (more: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> =>
    openControlPlane({
      ...(openStore === undefined ? {} : { store: await openStore() }),
      dataDirectory: directory,
      clock: time.clock,
      timers: time.timers,
      random: seededRandom(`control-plane-${++generation}`),
      checkPolicy: parsePolicyLoosely,
      ...options,
      ...more,
    });
  let current = await openIt();
  try {
    await body({
      directory,
      time,
      get controlPlane() {
        return current;
      },
      async reopen(more) {
        await current.close();
        current = await openIt(more);
        return current;
      },
    });
  } finally {
    await current.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Where test buckets are unless they say otherwise. */
export const REGION = "us-east-1" as Region;

/** A plain bucket. */
export function createBucket(
  accountId: AccountId,
  name: string,
  region = REGION,
): Extract<Command, { type: "bucket.create" }> {
  return { type: "bucket.create", accountId, name, region, objectLockEnabled: false, sections: {} };
}

/** The outcome of a command that must succeed. */
export function resultOf<Outcome extends CommandOutcome>(outcome: Outcome): Extract<Outcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code}: ${outcome.message}`);
  return outcome as Extract<Outcome, { ok: true }>;
}
