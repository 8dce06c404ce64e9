/**
 * A fault at every single call of a recovery: whatever happens, what the attempt made is gone afterwards, and the next directors succeed.
 */
import { describe, expect, test } from "bun:test";
import { runDirector } from "./index.ts";
import { FakeCluster, type FakeDirecting, hasEnded, isRunning } from "./testing/fake-cluster.ts";
import type { CallFault, FakeCall } from "./testing/fake-network.ts";

type Scene = "a new cluster" | "after a loss";
type Strike = CallFault | "abort";

/** Of the watch and the housekeeping: they go on for ever, and are not steps. */
const STANDING = new Set(["renew", "confirmRunning", "info"]);
const isStep = ({ caller, method }: FakeCall): boolean => caller === "director" && !STANDING.has(method);

/** Short, so that little time has to pass. */
const OPTIONS = {
  createMs: 300,
  replayMs: 300,
  startMs: 300,
  unlockMs: 300,
  verifyMs: 300,
  lockMs: 200,
  undoCallMs: 100,
  leaseMs: 300,
};

async function prepare(scene: Scene): Promise<FakeCluster> {
  const cluster = new FakeCluster({ director: runDirector, options: OPTIONS });
  if (scene === "a new cluster") return cluster;
  const first = await cluster.recover();
  await cluster.writes(5);
  first.abort();
  cluster.host("n1").kill();
  await cluster.until(() => hasEnded(first), 1000);
  // Components end with their leases: what is there before the attempt can be compared with what is there after it.
  await cluster.time.advanceSettled(350);
  return cluster;
}

/** Strikes the call with this number, counted from 1. @returns how many calls there were up to the committed layout */
async function strike(
  cluster: FakeCluster,
  number: number,
  how: Strike,
): Promise<{ calls: number; directing: FakeDirecting }> {
  let calls = 0;
  let struck = false;
  const directing: { current?: FakeDirecting } = {};
  cluster.network.fault = (call) => {
    if (!isStep(call) || (cluster.layout?.epoch ?? 0n) === cluster.epoch) return undefined;
    if (++calls !== number || how === "abort") return undefined;
    struck = true;
    return how;
  };
  cluster.network.onEffect = (call) => {
    if (how !== "abort" || struck || !isStep(call) || calls < number) return;
    struck = true;
    directing.current?.abort();
  };
  directing.current = cluster.begin();
  const { current } = directing;
  expect(await cluster.until(() => isRunning(current) || hasEnded(current), 60_000)).toBe(true);
  cluster.network.fault = () => undefined;
  return { calls, directing: current };
}

describe.each(["a new cluster", "after a loss"] as const)("%s", (scene) => {
  test.each(["refuse", "lose_reply", "hang", "abort"] as const)("%s at every call", async (how) => {
    let rolledBack = 0;
    for (let number = 1; ; number++) {
      const cluster = await prepare(scene);
      const before = cluster.inventory();
      const { calls, directing } = await strike(cluster, number, how);
      expect(directing.failure).toBeUndefined();
      if (calls < number) {
        expect(isRunning(directing)).toBe(true);
        expect(number).toBeGreaterThan(30);
        break;
      }
      // I7. Only where nobody can know whether the layout was committed may anything stay.
      const unknown = directing.end?.reason === "commit_unknown";
      for (const left of unknown ? [] : directing.left) expect({ number, left }).toEqual({ number, left: before });
      expect(directing.undone.flatMap(({ failed }) => failed)).toEqual([]);
      if (hasEnded(directing)) {
        rolledBack++;
        expect(isRunning(await cluster.recoverAtLast())).toBe(true);
      }
      await cluster.writes(3);
      await cluster.readAll();
      expect({ number, violations: cluster.violations }).toEqual({ number, violations: [] });
    }
    if (how === "abort") expect(rolledBack).toBeGreaterThan(25);
  });
});
