import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AccountId, BucketId, Command, CommandOutcome, EventId, Region } from "#contracts";
import { open } from "#foundation/crypto";
import { systemClock, systemRandom } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import { openControlPlane } from "./open-control-plane.ts";
import { origin, withControlPlane } from "./testing/test-control-plane.ts";

const REGION = "us-east-1" as Region;
const START = 0 as EventId;

function createBucket(
  accountId: AccountId,
  name: string,
  region = REGION,
): Extract<Command, { type: "bucket.create" }> {
  return { type: "bucket.create", accountId, name, region, objectLockEnabled: false, sections: {} };
}

function resultOf<Outcome extends CommandOutcome>(outcome: Outcome): Extract<Outcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code}: ${outcome.message}`);
  return outcome as Extract<Outcome, { ok: true }>;
}

describe("ensureRoot()", () => {
  test("makes the first account and its key once, and reports them ever after", () =>
    withControlPlane(async (run) => {
      const [first, second] = await Promise.all([run.controlPlane.ensureRoot(), run.controlPlane.ensureRoot()]);
      expect(first.created).toBe(true);
      expect({ ...second, created: true }).toEqual(first);
      expect(first.accountId).toMatch(/^\d{12}$/);
      expect(first.accessKey?.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
      expect(first.accessKey?.secretAccessKey).toHaveLength(40);
      expect(run.controlPlane.head).toBe(2 as EventId);
      const again = await (await run.reopen()).ensureRoot();
      expect(again).toEqual({ ...first, created: false });
      expect(run.controlPlane.head).toBe(2 as EventId);
    }));

  test("takes the name and id it is given", () =>
    withControlPlane(async ({ controlPlane }) => {
      const accountId = "000000000001" as AccountId;
      const root = await controlPlane.ensureRoot({ name: "main", accountId });
      expect(root.accountId).toBe(accountId);
      expect(controlPlane.views.accountByName("MAIN")?.accountId).toBe(accountId);
    }));

  test("keeps the secret sealed on disk, with a key file for the owner alone", () =>
    withControlPlane(async ({ controlPlane, directory }) => {
      const { accessKey } = await controlPlane.ensureRoot();
      const secret = accessKey!.secretAccessKey;
      for (const file of ["events.sqlite", "events.sqlite-wal"]) {
        expect(readFileSync(join(directory, file)).includes(secret)).toBe(false);
      }
      expect(statSync(join(directory, "master.key")).mode & 0o777).toBe(0o600);
      const { sealedSecret } = controlPlane.views.accessKey(accessKey!.accessKeyId)!;
      expect(open(controlPlane.sealingKey, sealedSecret, accessKey!.accessKeyId)).toBe(secret);
    }));

  test("makes no second key when the root user has removed the first", () =>
    withControlPlane(async (run) => {
      const { accountId, accessKey } = await run.controlPlane.ensureRoot();
      const { accessKeyId } = accessKey!;
      resultOf(await run.controlPlane.execute({ type: "accessKey.delete", accountId, accessKeyId }, origin()));
      expect(await run.controlPlane.ensureRoot()).toEqual({ accountId, accessKey: undefined, created: false });
    }));
});

describe("the master key", () => {
  test("is needed: without it, with another one, or open to others, the log does not open", () =>
    withControlPlane(async (run) => {
      await run.controlPlane.ensureRoot();
      const file = join(run.directory, "master.key");
      const key = readFileSync(file, "utf8");
      chmodSync(file, 0o644);
      await expect(run.reopen()).rejects.toMatchObject({ code: "KeyFileTooOpen" });
      rmSync(file);
      await expect(run.reopen()).rejects.toMatchObject({ code: "KeyFileMissing" });
      expect(existsSync(file)).toBe(false);
      await Bun.write(file, `${Buffer.alloc(32, 7).toString("base64")}\n`);
      chmodSync(file, 0o600);
      await expect(run.reopen()).rejects.toMatchObject({ code: "CannotOpen" });
      await Bun.write(file, key);
      chmodSync(file, 0o600);
      await run.reopen();
    }));
});

describe("execute()", () => {
  test("answers with the event, and the views have its effect at once", () =>
    withControlPlane(async ({ controlPlane, time }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcome = resultOf(await controlPlane.execute(createBucket(accountId, "photos"), origin()));
      expect(outcome.eventId).toBe(3 as EventId);
      expect(controlPlane.views.bucket("photos")).toEqual({
        kind: "bucket",
        bucketId: outcome.result.bucketId,
        name: "photos",
        accountId,
        region: REGION,
        createdAt: time.clock.now(),
        objectLockEnabled: false,
        sections: {},
      });
      const [event] = await controlPlane.events.read(2 as EventId, 10);
      expect(event).toMatchObject({
        aggregateType: "bucket",
        aggregateSequence: 1,
        org: accountId,
        actor: "system:test",
      });
    }));

  test("commands of one batch see each other: of many that want one name, one gets it", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () =>
          controlPlane.execute(createBucket(accountId, "wanted", "eu-west-1" as Region), origin()),
        ),
      );
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
      const refused = outcomes.filter((outcome) => !outcome.ok).map((outcome) => !outcome.ok && outcome.code);
      expect(new Set(refused)).toEqual(new Set(["BucketAlreadyOwnedByYou"]));
      expect(controlPlane.head).toBe(3 as EventId);
    }));

  test("hundreds at once are numbered without gaps, in the order of the calls", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const outcomes = await Promise.all(
        Array.from({ length: 600 }, (_, index) =>
          controlPlane.execute(createBucket(accountId, `b-${index}`), origin()),
        ),
      );
      expect(outcomes.map((outcome) => resultOf(outcome).eventId as number)).toEqual(
        Array.from({ length: 600 }, (_, index) => index + 3),
      );
      expect((await controlPlane.verify()).sound).toBe(true);
    }));

  test("a command that fails inside leaves its neighbours alone", () =>
    withControlPlane(
      async ({ controlPlane }) => {
        const { accountId } = await controlPlane.ensureRoot();
        const user = { accountId, userName: "ada" };
        resultOf(await controlPlane.execute({ type: "user.create", ...user }, origin()));
        const put = { type: "userPolicy.put", ...user, policyName: "p", document: "defect" } as const;
        const [before, broken, after] = await Promise.all([
          controlPlane.execute(createBucket(accountId, "before"), origin()),
          controlPlane.execute({ ...put, policyName: "p" }, origin()),
          controlPlane.execute(createBucket(accountId, "after"), origin()),
        ]);
        expect(before.ok && after.ok).toBe(true);
        expect(broken).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
        expect((await controlPlane.verify()).sound).toBe(true);
      },
      {
        parseIdentityPolicy: () => {
          throw new Error("no");
        },
      },
    ));

  test("after close() everything is refused, and nothing throws", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const accepted = controlPlane.execute(createBucket(accountId, "last"), origin());
      await controlPlane.close();
      expect((await accepted).ok).toBe(true);
      expect(await controlPlane.execute(createBucket(accountId, "late"), origin())).toMatchObject({ code: "Internal" });
    }));

  test("a control plane that was taken over says so and refuses from then on", async () => {
    const deposed: Error[] = [];
    await withControlPlane(
      async ({ controlPlane, directory }) => {
        const { accountId } = await controlPlane.ensureRoot();
        const other = openDatabase({ path: join(directory, "events.sqlite") });
        other.exec("UPDATE control_plane SET epoch = epoch + 1");
        other.close();
        for (const name of ["one", "two"]) {
          const outcome = await controlPlane.execute(createBucket(accountId, name), origin());
          expect(outcome).toMatchObject({ ok: false, code: "Internal" });
        }
        expect(controlPlane.views.bucket("one")).toBeUndefined();
        expect(controlPlane.head).toBe(2 as EventId);
      },
      { onDeposed: (error) => deposed.push(error) },
    );
    expect(deposed).toMatchObject([{ code: "Deposed" }]);
  });

  test("a data directory that is in use does not open a second time", () =>
    withControlPlane(async (run) => {
      const options = { clock: systemClock, random: systemRandom };
      const second = openControlPlane({ dataDirectory: run.directory, ...options });
      await expect(second).rejects.toMatchObject({ code: "Locked" });
      expect((await run.controlPlane.ensureRoot()).created).toBe(true);
    }));
});

describe("idempotency", () => {
  test("the same key gives the first answer, secret included, also after a restart, for 24 hours", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      const command = { type: "accessKey.create", accountId, owner: { type: "root" } } as const;
      const first = await run.controlPlane.execute(command, origin("k"));
      expect(first.ok).toBe(true);
      expect(await run.controlPlane.execute(command, origin("k"))).toEqual(first);
      await run.reopen();
      expect(await run.controlPlane.execute({ ...command }, origin("k"))).toEqual(first);
      expect(run.controlPlane.head).toBe(3 as EventId);
      run.time.advance(24 * 3600 * 1000);
      expect(await run.controlPlane.execute(command, origin("k"))).toMatchObject({ ok: false, code: "LimitExceeded" });
    }));

  test("the same key with another command is refused; another actor's key is another key", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      resultOf(await controlPlane.execute(createBucket(accountId, "one"), origin("k")));
      const other = createBucket(accountId, "two");
      expect(await controlPlane.execute(other, origin("k"))).toMatchObject({ ok: false, code: "IdempotencyKeyReused" });
      expect((await controlPlane.execute(other, origin("k", "system:other"))).ok).toBe(true);
    }));

  test("a refusal is an answer too", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const command = { type: "user.delete", accountId, userName: "ada" } as const;
      const first = await controlPlane.execute(command, origin("k"));
      expect(first).toMatchObject({ ok: false, code: "NoSuchUser" });
      resultOf(await controlPlane.execute({ type: "user.create", accountId, userName: "ada" }, origin()));
      expect(await controlPlane.execute(command, origin("k"))).toEqual(first);
      expect((await controlPlane.execute(command, origin("k2"))).ok).toBe(true);
    }));

  test("repetitions within one batch are one command", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const command = createBucket(accountId, "once", "eu-west-1" as Region);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => controlPlane.execute(command, origin("k"))));
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
      expect(outcomes[0]!.ok).toBe(true);
      expect(controlPlane.head).toBe(3 as EventId);
    }));

  test("answers are sealed on disk", () =>
    withControlPlane(async ({ controlPlane, directory }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const command = { type: "accessKey.create", accountId, owner: { type: "root" } } as const;
      const { result } = resultOf(await controlPlane.execute(command, origin("k")));
      const log = readFileSync(join(directory, "events.sqlite-wal"));
      expect(log.includes(result.accessKeyId)).toBe(true);
      expect(log.includes(result.secretAccessKey)).toBe(false);
    }));
});

describe("hostile commands", () => {
  test("are refused as ValidationFailed, and append nothing", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const circular: Record<string, unknown> = {};
      circular.a = circular;
      circular.b = circular;
      const deep = JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`);
      const bucket = createBucket(accountId, "sound");
      const hostile: unknown[] = [
        null,
        undefined,
        "bucket.create",
        [],
        {},
        { type: "__proto__" },
        { type: "constructor" },
        { type: 7 },
        { ...bucket, name: undefined },
        { ...bucket, name: { toString: () => "x" } },
        { ...bucket, name: ["sound"] },
        { ...bucket, name: "so\ud800und" },
        { ...bucket, name: "s".repeat(1_000_000) },
        { ...bucket, objectLockEnabled: "yes" },
        { ...bucket, sections: null },
        { ...bucket, sections: [] },
        { ...bucket, sections: { unknown: {} } },
        { ...bucket, sections: JSON.parse('{"__proto__": {"x": 1}}') },
        { ...bucket, sections: { tagging: circular } },
        { ...bucket, sections: { tagging: deep } },
        { ...bucket, sections: { tagging: { x: "x".repeat(200_000) } } },
        { ...bucket, sections: { tagging: { x: 1n } } },
        { ...bucket, sections: { versioning: { Status: "On" } } },
        { ...bucket, sections: { policy: { Version: "x" } } },
        { ...bucket, sections: { policy: "{" } },
        { ...bucket, region: "../../etc" },
        { type: "accessKey.create", accountId, owner: { type: "user" } },
        { type: "accessKey.create", accountId, owner: { type: "god" } },
        { type: "accessKey.update", accountId, accessKeyId: "x", status: "active" },
        { type: "user.create", accountId, userName: "ada\nbob" },
        { type: "user.create", accountId, userName: "ada", path: "/a b/" },
        { type: "user.create", accountId, userName: "ada", path: "team" },
        { type: "account.create", name: "" },
        { type: "account.create", name: "x", accountId: "12345" },
      ];
      for (const command of hostile) {
        const outcome = await controlPlane.execute(command as Command, origin());
        expect(outcome, Bun.inspect(command).slice(0, 100)).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      for (const bad of ["", "x".repeat(3000), 7, null, "\ud800"]) {
        const outcome = await controlPlane.execute(bucket, { actor: bad as string, requestId: "r" });
        expect(outcome).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      expect(controlPlane.head).toBe(2 as EventId);
    }));

  test("names of JavaScript's own are ordinary names", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      for (const userName of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
        resultOf(await run.controlPlane.execute({ type: "user.create", accountId, userName }, origin()));
        for (const policyName of ["__proto__", "constructor", "7"]) {
          const policy = { accountId, userName, policyName };
          expect(await run.controlPlane.execute({ type: "userPolicy.delete", ...policy }, origin())).toMatchObject({
            code: "NoSuchPolicy",
          });
          resultOf(await run.controlPlane.execute({ type: "userPolicy.put", ...policy, document: "{}" }, origin()));
        }
      }
      await run.reopen();
      const user = run.controlPlane.views.user(accountId, "__proto__")!;
      expect(Object.keys(user.inlinePolicies).sort()).toEqual(["7", "__proto__", "constructor"]);
      expect((await run.controlPlane.verify()).sound).toBe(true);
    }));

  test("what a caller does to its objects afterwards changes nothing", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const tagging = { TagSet: [{ Key: "a", Value: "b" }], when: new Date(0) };
      const command = { ...createBucket(accountId, "mine"), sections: { tagging } };
      resultOf(await controlPlane.execute(command, origin()));
      tagging.TagSet.push({ Key: "c", Value: "d" });
      const record = controlPlane.views.bucket("mine")!;
      expect(record.sections.tagging).toEqual({ TagSet: [{ Key: "a", Value: "b" }], when: "1970-01-01T00:00:00.000Z" });
      expect(() => Object.assign(record.sections, { acl: 1 })).toThrow();
      expect((await controlPlane.verify()).sound).toBe(true);
    }));
});

describe("rebuild() and verify()", () => {
  test("prove equality, find a wrong row, and repair it", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      for (let index = 0; index < 20; index++) {
        resultOf(await run.controlPlane.execute(createBucket(accountId, `b-${index}`), origin()));
      }
      expect((await run.controlPlane.rebuild()).map(({ view, equal }) => [view, equal])).toEqual([
        ["accounts", true],
        ["users", true],
        ["accessKeys", true],
        ["buckets", true],
      ]);
      await run.controlPlane.close();
      const shell = openDatabase({ path: join(run.directory, "events.sqlite") });
      shell.exec(
        "DELETE FROM view_rows WHERE key = 'b-7'; UPDATE view_rows SET row = replace(row, 'us-east-1', 'us-west-2') WHERE key = 'b-8'",
      );
      shell.close();
      await run.reopen();
      expect(run.controlPlane.views.bucket("b-7")).toBeUndefined();
      const verification = await run.controlPlane.verify();
      expect(verification.sound).toBe(false);
      expect(verification.views[3]!.differences.map(({ key }) => key).sort()).toEqual(["b-7", "b-8"]);
      const ends: string[] = [];
      const request = { resume: null, wants: ["bucket"] as const };
      run.controlPlane.feed.subscribe(request, { deliver: () => undefined, ended: (reason) => ends.push(reason) });
      const [report] = await run.controlPlane.rebuild(["buckets"]);
      expect(report).toMatchObject({ view: "buckets", equal: false, rows: 20, events: 22 });
      expect(ends).toEqual(["rebuilt"]);
      expect(run.controlPlane.views.bucket("b-7")?.name).toBe("b-7");
      expect((await run.controlPlane.verify()).sound).toBe(true);
      await run.reopen();
      expect(run.controlPlane.views.bucket("b-8")?.region).toBe(REGION);
      // Who was told the wrong rows must not resume, not even from the latest event.
      const kinds: string[] = [];
      const resume = { controlPlaneId: run.controlPlane.controlPlaneId, cursor: run.controlPlane.head };
      const consumer = {
        deliver: (message: { type: string }) => void kinds.push(message.type),
        ended: () => undefined,
      };
      run.controlPlane.feed.subscribe({ resume, wants: ["bucket"] }, consumer);
      expect(kinds).toEqual(["snapshot"]);
    }));

  test("an event that does not fit is quarantined for its view, and the others go on", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      resultOf(await run.controlPlane.execute(createBucket(accountId, "good"), origin()));
      await run.controlPlane.close();
      const shell = openDatabase({ path: join(run.directory, "events.sqlite") });
      // A bucket that never was is configured, by an event of this version; and a newer program has written something unknown.
      shell.exec(`
        INSERT INTO events SELECT 4, 'bucket', 'ghost', 1, 'bucket.configured', 1, occurred_at, actor, org, request_id, correlation_id, NULL, epoch,
          '{"bucketId":"ghost","name":"ghost","section":"acl","value":{}}' FROM events WHERE id = 3;
        INSERT INTO events SELECT 5, 'queue', 'q', 1, 'queue.created', 1, occurred_at, actor, org, request_id, correlation_id, NULL, epoch, '{}' FROM events WHERE id = 3;`);
      shell.close();
      await run.reopen();
      const quarantined = await run.controlPlane.quarantined();
      expect(quarantined.filter(({ eventId }) => eventId === (4 as EventId)).map(({ view }) => view)).toEqual([
        "buckets",
      ]);
      expect(quarantined.filter(({ eventId }) => eventId === (5 as EventId))).toHaveLength(4);
      expect(resultOf(await run.controlPlane.execute(createBucket(accountId, "next"), origin())).eventId).toBe(
        6 as EventId,
      );
      expect((await run.controlPlane.verify()).sound).toBe(false);
      expect((await run.controlPlane.verify()).views.every((view) => view.equal)).toBe(true);
      await run.reopen();
      expect([...run.controlPlane.views.records("bucket")]).toHaveLength(2);
    }));

  test("refuses the name of a view that is not", () =>
    withControlPlane(async ({ controlPlane }) => {
      await expect(controlPlane.rebuild(["nothing"])).rejects.toThrow('there is no view "nothing"');
    }));
});

describe("events.tail()", () => {
  test("yields what was and what comes, once and in order, until the signal", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const stop = new AbortController();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const events of controlPlane.events.tail(START, stop.signal)) {
          seen.push(...events.map((event) => event.id as number));
          if (seen.length >= 102) stop.abort();
        }
      })();
      for (let index = 0; index < 100; index++) {
        resultOf(await controlPlane.execute(createBucket(accountId, `b-${index}`), origin()));
      }
      await reading;
      expect(seen).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
    }));

  test("ends at once when aborted while waiting", () =>
    withControlPlane(async ({ controlPlane }) => {
      const stop = new AbortController();
      const tail = controlPlane.events.tail(START, stop.signal);
      const next = tail.next();
      stop.abort();
      expect(await next).toEqual({ done: true, value: undefined });
    }));
});

test("identity policies are held to the grammar of IAM", () =>
  withControlPlane(
    async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      resultOf(await controlPlane.execute({ type: "user.create", accountId, userName: "ada" }, origin()));
      const put = (document: string) =>
        controlPlane.execute(
          { type: "userPolicy.put", accountId, userName: "ada", policyName: "p", document },
          origin(),
        );
      const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
      expect((await put(JSON.stringify({ Version: "2012-10-17", Statement: [allow] }))).ok).toBe(true);
      for (const document of [
        "{}",
        "[]",
        "x",
        JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow, Effect: "Maybe" }] }),
      ]) {
        expect(await put(document)).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
      }
    },
    { parseIdentityPolicy: undefined },
  ));

test("a bucket's id is a new one for each incarnation, and the old one is refused", () =>
  withControlPlane(async ({ controlPlane }) => {
    const { accountId } = await controlPlane.ensureRoot();
    const first = resultOf(await controlPlane.execute(createBucket(accountId, "again"), origin())).result.bucketId;
    resultOf(await controlPlane.execute({ type: "bucket.delete", bucketId: first, name: "again" }, origin()));
    const second = resultOf(await controlPlane.execute(createBucket(accountId, "again"), origin())).result.bucketId;
    expect(second).not.toBe(first);
    const stale: readonly Command[] = [
      { type: "bucket.delete", bucketId: first, name: "again" },
      { type: "bucket.configure", bucketId: first, name: "again", section: "acl", value: {} },
      { type: "bucket.delete", bucketId: second, name: "other" },
      { type: "bucket.delete", bucketId: "x" as BucketId, name: "again" },
    ];
    for (const command of stale) {
      expect(await controlPlane.execute(command, origin())).toMatchObject({ ok: false, code: "NoSuchBucket" });
    }
    expect(controlPlane.views.bucket("again")?.bucketId).toBe(second);
  }));
