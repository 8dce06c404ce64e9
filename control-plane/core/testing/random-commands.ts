/** The property of properties: whatever is commanded, the log and everything made of it agree. For each store of events. */
import { expect } from "bun:test";
import fc from "fast-check";
import {
  type BucketSection,
  type CatalogKind,
  type CatalogRecord,
  type CommandOutcome,
  type EventId,
  IDENTITY_KINDS,
  type Region,
} from "#contracts";
import { type FeedMessage, keyOfRecord, stableJson } from "#control-plane/events";
import type { ControlPlane } from "../control-plane.ts";
import { expectInvariants } from "./catalog-invariants.ts";
import { GATEWAY_KINDS, gatewayStep } from "./random-gateway-steps.ts";
import { ACCOUNTS, account, identityStep, type Step } from "./random-identity-steps.ts";
import { origin, type TestOptions, withControlPlane } from "./test-control-plane.ts";

const KINDS: readonly CatalogKind[] = ["account", "accessKey", ...IDENTITY_KINDS, "bucket", ...GATEWAY_KINDS];

/** So few that quotas are met. */
const PER_ACCOUNT_MAX = 2;
const OPTIONS = {
  limits: {
    entitiesPerAccount: {
      user: PER_ACCOUNT_MAX,
      group: PER_ACCOUNT_MAX,
      role: PER_ACCOUNT_MAX,
      managedPolicy: PER_ACCOUNT_MAX,
      instanceProfile: PER_ACCOUNT_MAX,
      oidcProvider: PER_ACCOUNT_MAX,
    },
  },
};

const bucketName = fc.constantFrom("alpha", "beta", "gamma", "Not-A-Name");
const region = fc.constantFrom("us-east-1", "eu-west-1") as fc.Arbitrary<Region>;
const section = fc.constantFrom<BucketSection[]>("tagging", "versioning", "objectLock", "acl", "policy");
const value = fc.oneof(
  fc.constant(null),
  fc.constant({ Status: "Enabled" }),
  fc.constant({ Status: "Suspended" }),
  fc.constant("{}"),
  fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
);

const bucketStep: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      type: fc.constant("bucket.create" as const),
      accountId: account,
      name: bucketName,
      region,
      objectLockEnabled: fc.boolean(),
      sections: fc.constantFrom({}, { tagging: { TagSet: [] } }),
    })
    .map(
      (command): Step =>
        () =>
          command,
    ),
  fc.tuple(bucketName, section, value).map(
    ([name, which, to]): Step =>
      (views) => {
        const bucketId = views.bucket(name)?.bucketId ?? ("none" as never);
        return { type: "bucket.configure", bucketId, name, section: which, value: to };
      },
  ),
  bucketName.map(
    (name): Step =>
      (views) => ({ type: "bucket.delete", bucketId: views.bucket(name)?.bucketId ?? ("none" as never), name }),
  ),
);

const step = fc.oneof(
  { weight: 4, arbitrary: identityStep },
  { weight: 1, arbitrary: bucketStep },
  { weight: 2, arbitrary: gatewayStep },
);

function contents(controlPlane: ControlPlane): string {
  const all = KINDS.flatMap((kind) => [...controlPlane.views.records(kind)]);
  return stableJson(all.map((record) => [record.kind, keyOfRecord(record), record]).sort(byText));
}

function byText(left: unknown, right: unknown): number {
  return stableJson(left) < stableJson(right) ? -1 : 1;
}

/** A data plane's catalog. */
function createMirror() {
  const records = new Map<string, CatalogRecord>();
  const parts: CatalogRecord[] = [];
  const mirror = {
    cursor: -1,
    deliver(message: FeedMessage): void {
      if (message.type === "snapshot") {
        parts.push(...message.records);
        if (!message.last) return;
        records.clear();
        for (const record of parts.splice(0)) records.set(`${record.kind}/${keyOfRecord(record)}`, record);
        mirror.cursor = message.cursor;
        return;
      }
      expect(message.after as number).toBe(mirror.cursor);
      mirror.cursor = message.through;
      for (const change of message.changes) {
        if (change.change === "delete") records.delete(`${change.kind}/${change.key}`);
        else records.set(`${change.record.kind}/${change.key}`, change.record);
      }
    },
    contents: () =>
      stableJson([...records.values()].map((record) => [record.kind, keyOfRecord(record), record]).sort(byText)),
  };
  return mirror;
}

/**
 * Commands at random, in batches, each sent twice and again: the log is gapless, the views equal a rebuild from nothing, repetitions repeat, and a catalog that
 * follows the feed equals them all.
 */
export async function expectEverythingAgrees(
  numRuns: number,
  options: Pick<TestOptions, "createLog"> = {},
): Promise<void> {
  const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 12, size: "max" }), {
    minLength: 1,
    maxLength: 12,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(11), async (plan, restartAfter) => {
      await withControlPlane(
        async (run) => {
          let controlPlane = run.controlPlane;
          for (const [index, accountId] of ACCOUNTS.entries()) {
            await controlPlane.execute({ type: "account.create", name: `account ${index}`, accountId }, origin());
          }
          const mirror = createMirror();
          let { run: told } = controlPlane;
          const subscribe = (): void => {
            const { controlPlaneId } = controlPlane;
            const resume = mirror.cursor < 0 ? null : { controlPlaneId, cursor: mirror.cursor as never, run: told };
            told = controlPlane.run;
            controlPlane.feed.subscribe({ resume, wants: KINDS }, { deliver: mirror.deliver, ended: () => undefined });
          };
          subscribe();
          const appended: number[] = [];
          for (const [round, steps] of plan.entries()) {
            const head = controlPlane.head as number;
            const sent = steps.map((make, index) => ({ command: make(controlPlane.views), key: `${round}/${index}` }));
            const send = ({ command, key }: (typeof sent)[number]): Promise<CommandOutcome> =>
              controlPlane.execute(command, origin(key));
            const twice = await Promise.all([...sent, ...sent].map(send));
            const once = twice.slice(0, sent.length);
            expectInvariants(controlPlane.views, PER_ACCOUNT_MAX);
            expect(twice.slice(sent.length)).toEqual(once);
            for (const outcome of once) if (outcome.ok && outcome.eventId > head) appended.push(outcome.eventId);
            if (round === restartAfter) {
              const before = contents(controlPlane);
              controlPlane = await run.reopen();
              expect(contents(controlPlane)).toBe(before);
              subscribe();
            }
            expect(await Promise.all(sent.map(send))).toEqual(once);
          }
          const log = await controlPlane.events.read(0 as EventId, controlPlane.head + 1);
          expect(log.map(({ id }) => id as number)).toEqual(Array.from(log, (_, index) => index + 1));
          // A command is answered with its last event; one that changes nothing, with the last event before it.
          expect([...new Set([1, 2, ...appended])]).toEqual([
            ...new Map(log.map(({ requestId, id }) => [requestId, id])).values(),
          ]);
          while (mirror.cursor < controlPlane.head) await new Promise<void>((resolve) => setImmediate(resolve));
          expect(mirror.contents()).toBe(contents(controlPlane));
          const verification = await controlPlane.verify();
          expect(verification.views.flatMap((view) => view.differences)).toEqual([]);
          expect(verification.sound).toBe(true);
        },
        { ...OPTIONS, ...options },
      );
    }),
    { numRuns },
  );
}
