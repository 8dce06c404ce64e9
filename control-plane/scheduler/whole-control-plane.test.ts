/**
 * Random histories of a whole control plane with its scheduler: people command, nodes obey, fail and lie; time passes. Whatever they do, the log can be folded anew into
 * what is there, what must hold held after every single event, and in the end every deploy has come to its end.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AccountId, EventId } from "#contracts";
import type { ControlPlane } from "#control-plane/core";
import { origin, seededRandom, withControlPlane } from "#control-plane/core/testing";
import {
  CATALOG_KIND_NAMES,
  CatalogViews,
  catalogChangesOf,
  keyOfRecord,
  knownEvent,
  stableJson,
} from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";
import type { VirtualTime } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { APPS, enroll, NODE_MEMORY, NODES, obey, type Stage, type Step, step } from "./testing/random-steps.ts";

/** What must hold after every event. */
function check(views: CatalogViews): void {
  const used = new Map<string, number>();
  const writers = new Map<string, string>();
  for (const instance of views.records("instance")) {
    if (hasEnded(instance)) continue;
    used.set(
      instance.nodeId,
      (used.get(instance.nodeId) ?? 0) + instance.memoryBytes + DEFAULT_SETTINGS.overheadBytes.process,
    );
    for (const { volumeId } of instance.mounts) {
      expect(writers.get(volumeId)).toBeUndefined();
      writers.set(volumeId, instance.instanceId);
      expect(views.record("volume", volumeId)?.homeNodeId).toBe(instance.nodeId);
    }
  }
  for (const memory of used.values()) expect(memory).toBeLessThanOrEqual(NODE_MEMORY);
}

const contents = (views: ControlPlane["views"]): string =>
  stableJson(
    CATALOG_KIND_NAMES.flatMap((kind) => [...views.records(kind)])
      .map((record) => [`${record.kind} ${keyOfRecord(record)}`, record] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );

/** Folds the log from its first event. */
async function replay({ events, head }: ControlPlane, onEvent: (views: CatalogViews) => void): Promise<CatalogViews> {
  const views = new CatalogViews();
  const sequences = new Map<string, number>();
  const log = await events.read(0 as EventId, (head as number) + 1);
  expect(log.map(({ id }) => id as number)).toEqual(Array.from(log, (_, index) => index + 1));
  for (const event of log) {
    const aggregate = `${event.aggregateType} ${event.aggregateId}`;
    expect(event.aggregateSequence).toBe((sequences.get(aggregate) ?? 0) + 1);
    sequences.set(aggregate, event.aggregateSequence);
    SEEN.set(event.type, (SEEN.get(event.type) ?? 0) + 1);
    for (const change of catalogChangesOf(knownEvent(event)!, (kind, key) => views.record(kind, key)))
      views.apply(change);
    onEvent(views);
  }
  return views;
}

function schedulerOf(controlPlane: ControlPlane, time: VirtualTime): Scheduler {
  return createScheduler({
    core: controlPlane,
    // Health is said by the steps.
    liveness: { lastHeard: () => time.clock.now(), degraded: () => undefined },
    clock: time.clock,
    timers: time.timers,
    random: seededRandom("scheduler"),
    logger: silentLogger,
    metrics: createMetrics(),
  });
}

async function play(steps: readonly Step[], restartAfter: number): Promise<void> {
  await withControlPlane(async (test) => {
    let { controlPlane } = test;
    const { time } = test;
    const { accountId: account } = await controlPlane.ensureRoot();
    let scheduler = schedulerOf(controlPlane, time);
    let commands = 0;
    const stage: Stage = {
      account: account as AccountId,
      time,
      get views() {
        return controlPlane.views;
      },
      async run(command) {
        const key = `command-${++commands}`;
        const [first, second] = await Promise.all([
          controlPlane.execute(command, origin(key)),
          controlPlane.execute(command, origin(key)),
        ]);
        expect(second).toEqual(first);
        await scheduler.quiet();
        return first;
      },
    };
    await enroll(stage, NODES[0]!);
    for (const name of APPS) {
      const made = await stage.run({ type: "app.create", accountId: stage.account, name });
      const { appId } = (made as { result: { appId: string } }).result;
      await stage.run({ type: "env.create", accountId: stage.account, appId, name: "production" });
    }
    for (const [index, act] of steps.entries()) {
      await act(stage);
      await scheduler.quiet();
      if (index !== restartAfter) continue;
      const before = contents(controlPlane.views);
      await scheduler.close();
      controlPlane = await test.reopen();
      expect(contents(controlPlane.views)).toBe(before);
      scheduler = schedulerOf(controlPlane, time);
    }
    // The faults end; every deploy comes to an end, and what is wanted and has room runs.
    for (const nodeId of NODES) {
      await enroll(stage, nodeId);
      await stage.run({ type: "node.observe", nodeId, health: "online" });
      await stage.run({ type: "node.setIntent", nodeId, intent: "active" });
    }
    for (let round = 0; round < 40; round++) {
      await obey(stage);
      await time.advanceSettled(60_000);
      await scheduler.quiet();
    }
    for (const { status, finishedAt } of controlPlane.views.records("deploy")) {
      expect(["succeeded", "failed", "superseded"]).toContain(status);
      expect(finishedAt).toBeNumber();
    }
    for (const { envId, desired, unschedulable } of controlPlane.views.records("env")) {
      for (const processType of Object.keys(desired)) {
        if (unschedulable[processType] !== undefined) continue;
        const live = [...controlPlane.views.records("instance")].filter(
          (one) => one.envId === envId && one.processType === processType && !hasEnded(one),
        );
        expect(live.every(({ status, desiredState }) => status === "ready" && desiredState === "running")).toBe(true);
      }
    }
    await scheduler.close();
    const once = await replay(controlPlane, check);
    const again = await replay(controlPlane, () => undefined);
    expect(contents(once)).toBe(contents(controlPlane.views));
    expect(contents(again)).toBe(contents(once));
    const verification = await controlPlane.verify();
    expect(verification.views.flatMap(({ differences }) => differences)).toEqual([]);
    expect(verification.sound).toBe(true);
  });
}

const EXPECTED = [
  "app.created",
  "env.created",
  "env.deleted",
  "env.scaleSet",
  "env.restartRequested",
  "env.schedulingChanged",
  "release.created",
  "deploy.created",
  "deploy.statusChanged",
  "instance.allocated",
  "instance.desiredStateChanged",
  "instance.statusChanged",
  "instance.collected",
  "route.created",
  "route.deleted",
  "secretBundle.created",
  "volume.created",
  "volume.stateChanged",
  "volumeAttachment.created",
  "volumeAttachment.deleted",
  "node.enrolled",
  "node.intentChanged",
  "node.stateChanged",
  "node.removed",
];

/** Events that random histories must have had: what never happens proves nothing. */
const SEEN = new Map<string, number>();

test("whatever is commanded, reported and endured: the log folds into what is there, and what must hold held all along", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: "max" }), fc.nat(60), play), {
    numRuns: Number(process.env.BIPLANE_HISTORIES ?? 25),
  });
  expect([...SEEN.keys()]).toEqual(expect.arrayContaining(EXPECTED));
}, 120_000);
