import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AccountId, BucketSection, CatalogKind, CatalogRecord, Command, CommandOutcome, Region } from "#contracts";
import { type FeedMessage, keyOfRecord, stableJson } from "#control-plane/events";
import type { ControlPlane } from "./control-plane.ts";
import { origin, withControlPlane } from "./testing/test-control-plane.ts";

const KINDS: readonly CatalogKind[] = ["account", "user", "accessKey", "bucket"];
const ACCOUNTS = ["100000000001", "100000000002"] as AccountId[];

/** Few names, so that commands meet. */
const account = fc.constantFrom(...ACCOUNTS, "100000000009" as AccountId);
const userName = fc.constantFrom("ada", "Ada", "bob", "__proto__");
const policyName = fc.constantFrom("p", "constructor");
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

/** A command, or how to make one from the records as they are. */
type Step = (controlPlane: ControlPlane) => Command;

function nth<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(1, items.length)];
}

const keyOf = (controlPlane: ControlPlane, index: number): string => {
  const record = nth([...controlPlane.views.records("accessKey")], index);
  return record?.kind === "accessKey" ? record.accessKeyId : "AKIANONE";
};

const fixed = (arbitrary: fc.Arbitrary<Command>): fc.Arbitrary<Step> => arbitrary.map((command) => () => command);

const step: fc.Arbitrary<Step> = fc.oneof(
  fixed(fc.record({ type: fc.constant("user.create"), accountId: account, userName })),
  fixed(fc.record({ type: fc.constant("user.delete"), accountId: account, userName })),
  fixed(
    fc.record({
      type: fc.constant("userPolicy.put"),
      accountId: account,
      userName,
      policyName,
      document: fc.constantFrom("{}", "[]", "{ }", "no"),
    }),
  ),
  fixed(fc.record({ type: fc.constant("userPolicy.delete"), accountId: account, userName, policyName })),
  fixed(
    fc.record({
      type: fc.constant("accessKey.create"),
      accountId: account,
      owner: fc.oneof(fc.constant({ type: "root" } as const), fc.record({ type: fc.constant("user"), userName })),
    }),
  ),
  fc.tuple(account, fc.nat(9), fc.constantFrom("Active", "Inactive")).map(
    ([accountId, index, status]): Step =>
      (controlPlane) => ({ type: "accessKey.update", accountId, accessKeyId: keyOf(controlPlane, index), status }),
  ),
  fc.tuple(account, fc.nat(9)).map(
    ([accountId, index]): Step =>
      (controlPlane) => ({ type: "accessKey.delete", accountId, accessKeyId: keyOf(controlPlane, index) }),
  ),
  fixed(
    fc.record({
      type: fc.constant("bucket.create"),
      accountId: account,
      name: bucketName,
      region,
      objectLockEnabled: fc.boolean(),
      sections: fc.constantFrom({}, { tagging: { TagSet: [] } }),
    }),
  ),
  fc.tuple(bucketName, section, value).map(
    ([name, which, to]): Step =>
      (controlPlane) => {
        const bucketId = controlPlane.views.bucket(name)?.bucketId ?? ("none" as never);
        return { type: "bucket.configure", bucketId, name, section: which, value: to };
      },
  ),
  bucketName.map(
    (name): Step =>
      (controlPlane) => ({
        type: "bucket.delete",
        bucketId: controlPlane.views.bucket(name)?.bucketId ?? ("none" as never),
        name,
      }),
  ),
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

/** What must hold of all records together, whatever was commanded. */
function expectInvariants({ views }: ControlPlane): void {
  for (const accountId of ACCOUNTS) {
    const lower = [...views.records("user")].flatMap((record) =>
      record.kind === "user" && record.accountId === accountId ? [record.userName.toLowerCase()] : [],
    );
    expect(new Set(lower).size).toBe(lower.length);
  }
  for (const record of views.records("accessKey")) {
    if (record.kind !== "accessKey") continue;
    expect(views.accessKeysOf(record.accountId, record.owner).length).toBeLessThanOrEqual(2);
    if (record.owner.type === "user") expect(views.user(record.accountId, record.owner.userName)).toBeDefined();
  }
  for (const record of views.records("bucket")) {
    if (record.kind !== "bucket") continue;
    expect(views.account(record.accountId)).toBeDefined();
    if (record.objectLockEnabled) expect(record.sections.versioning).toMatchObject({ Status: "Enabled" });
  }
}

test("whatever is commanded, in batches and again: the log is gapless, views equal a rebuild, retries repeat, mirrors follow", async () => {
  const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(11), async (plan, restartAfter) => {
      await withControlPlane(async (run) => {
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
          const sent = steps.map((make, index) => ({ command: make(controlPlane), key: `${round}/${index}` }));
          const send = ({ command, key }: (typeof sent)[number]): Promise<CommandOutcome> =>
            controlPlane.execute(command, origin(key));
          const twice = await Promise.all([...sent, ...sent].map(send));
          const once = twice.slice(0, sent.length);
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
        expect(appended.toSorted((left, right) => left - right)).toEqual(appended);
        expect(new Set([1, 2, ...appended]).size).toBe(controlPlane.head as number);
        while (mirror.cursor < controlPlane.head) await new Promise<void>((resolve) => setImmediate(resolve));
        expect(mirror.contents()).toBe(contents(controlPlane));
        expectInvariants(controlPlane);
        const verification = await controlPlane.verify();
        expect(verification.views.flatMap((view) => view.differences)).toEqual([]);
        expect(verification.sound).toBe(true);
      });
    }),
    { numRuns: 20 },
  );
}, 30_000);
