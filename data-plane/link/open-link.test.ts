import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  AccessKeyRecord,
  AccountId,
  BucketRecord,
  CatalogChange,
  CatalogRecord,
  ControlPlaneId,
  ControlPlaneMessage,
  DataPlaneMessage,
  EventId,
} from "#contracts";
import { createSealingKey, seal, sealingKeyToBase64 } from "#foundation/crypto";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { ControlPlaneUnavailable, DataPlaneRefused } from "./catalog.ts";
import { type AcceptStream, inProcessTransport, type StreamClient } from "./in-process-transport.ts";
import type { Link } from "./link.ts";
import { openLink } from "./open-link.ts";

const ACCOUNT = "000000000001" as AccountId;
const at = (id: number) => id as EventId;
const sealingKey = createSealingKey(systemRandom);

const bucket = (name: string, createdAt = 0): BucketRecord => ({
  kind: "bucket",
  bucketId: name as BucketRecord["bucketId"],
  name,
  accountId: ACCOUNT,
  region: "us-east-1" as BucketRecord["region"],
  createdAt,
  objectLockEnabled: false,
  sections: { tagging: { TagSet: [{ Key: "a", Value: "b" }] } },
});
const accessKey = (accessKeyId: string, secret: string): AccessKeyRecord => ({
  kind: "accessKey",
  accessKeyId,
  accountId: ACCOUNT,
  owner: { type: "root" },
  status: "Active",
  sealedSecret: seal(sealingKey, secret, accessKeyId, systemRandom),
  createdAt: 0,
});
const upsert = (record: BucketRecord | AccessKeyRecord): CatalogChange => ({
  change: "upsert",
  key: record.kind === "bucket" ? record.name : record.accessKeyId,
  record,
});

/** A control plane that says what the test tells it to. */
function scriptedControlPlane() {
  const received: DataPlaneMessage[] = [];
  let client: StreamClient<ControlPlaneMessage> | undefined;
  let up = true;
  const say = async (...messages: readonly ControlPlaneMessage[]) => {
    for (const message of messages) client?.send(message);
    await settled();
  };
  const accept: AcceptStream<DataPlaneMessage, ControlPlaneMessage> = (newClient) => {
    if (!up) {
      newClient.close("down");
      return { receive: () => undefined, closed: () => undefined };
    }
    client = newClient;
    return {
      receive: (message) => void received.push(message),
      closed: () => {
        client = undefined;
      },
    };
  };
  return {
    accept,
    received,
    say,
    welcome: (id = "cp-a", head = 0): ControlPlaneMessage => ({
      type: "welcome",
      protocol: 1,
      controlPlaneId: id as ControlPlaneId,
      head: at(head),
      heartbeatMs: 1000,
      sealingKey: sealingKeyToBase64(sealingKey),
    }),
    snapshot: (cursor: number, records: readonly CatalogRecord[]): ControlPlaneMessage => ({
      type: "snapshot",
      cursor: at(cursor),
      records,
      last: true,
    }),
    changes: (after: number, through: number, ...changes: readonly CatalogChange[]): ControlPlaneMessage => ({
      type: "changes",
      after: at(after),
      through: at(through),
      changes,
    }),
    async stop() {
      up = false;
      client?.close("going down");
      await settled();
    },
    start() {
      up = true;
    },
  };
}

/** Lets microtasks run until nothing is left to do. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await undefined;
}

/** What a promise rejects with. (`expect(…).rejects` blocks until it does, which in virtual time is never.) */
function failureOf(promise: Promise<unknown>): Promise<Error | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error,
  );
}

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanUp.splice(0).reverse()) clean();
});

function newWorld() {
  const directory = mkdtempSync(join(tmpdir(), "biplane-link-"));
  cleanUp.push(() => rmSync(directory, { recursive: true, force: true }));
  const time = createVirtualTime(0);
  const control = scriptedControlPlane();
  const open = async (): Promise<Link> => {
    const link = openLink({
      directory,
      dataPlaneName: "test",
      version: "0.1.0",
      transport: inProcessTransport(control.accept),
      clock: time.clock,
      timers: time.timers,
      random: systemRandom,
      logger: silentLogger,
      metrics: createMetrics(),
      status: () => ({ state: "ready", endpoint: "http://127.0.0.1:1", startedAt: 0, residentBytes: 1 }),
    });
    cleanUp.push(() => link.close());
    await settled();
    return link;
  };
  return { directory, time, control, open };
}

describe("openLink", () => {
  test("is ready with the first snapshot, follows changes, and tells listeners", async () => {
    const { control, open } = newWorld();
    const link = await open();
    const told: string[] = [];
    link.catalog.onChange((changes) => told.push(...changes.map((change) => `${change.change} ${change.key}`)));
    let ready = false;
    void link.whenReady().then(() => {
      ready = true;
    });
    await control.say(control.welcome());
    expect([ready, link.control.connected]).toEqual([false, true]);
    await control.say(control.snapshot(3, [bucket("b"), bucket("a")]));
    expect(ready).toBe(true);
    await control.say(
      control.changes(3, 4, upsert(bucket("c"))),
      control.changes(4, 6, { change: "delete", kind: "bucket", key: "b" }),
    );
    expect(link.catalog.bucketsOf(ACCOUNT).map((record) => record.name)).toEqual(["a", "c"]);
    expect(link.catalog.appliedThrough).toBe(at(6));
    expect(told).toEqual(["upsert b", "upsert a", "upsert c", "delete b"]);
    expect(Object.isFrozen(link.catalog.bucket("a")?.sections.tagging)).toBe(true);
  });

  test("after a restart serves catalog and secrets without a control plane, and resumes when it is back", async () => {
    const { directory, control, open, time } = newWorld();
    const first = await open();
    await control.say(control.welcome(), control.snapshot(3, [bucket("a"), accessKey("AKIA1", "s3cret")]));
    await control.say(control.changes(3, 4, upsert(bucket("b"))));
    const { dataPlaneId } = first.state;
    first.close();
    await control.stop();

    const second = await open();
    await second.whenReady();
    expect(second.control.connected).toBe(false);
    expect(second.catalog.bucketsOf(ACCOUNT).map((record) => record.name)).toEqual(["a", "b"]);
    expect(second.catalog.bucket("a")).toEqual(bucket("a"));
    expect(second.catalog.secretOf("AKIA1")).toBe("s3cret");
    expect(statSync(join(directory, "sealing-keys.json")).mode & 0o777).toBe(0o600);

    control.start();
    await time.advanceSettled(2_000);
    expect(control.received.filter((message) => message.type === "register")).toEqual([
      expect.objectContaining({ dataPlaneId, resume: null }),
      expect.objectContaining({ dataPlaneId, resume: { controlPlaneId: "cp-a" as ControlPlaneId, cursor: at(4) } }),
    ]);
  });

  test("after a restart shows nothing that a snapshot had replaced", async () => {
    const { control, open, time } = newWorld();
    const first = await open();
    await control.say(control.welcome(), control.snapshot(3, [bucket("a"), bucket("b")]));
    await control.stop();
    control.start();
    await time.advanceSettled(2_000);
    await control.say(control.welcome("cp-b"), control.snapshot(1, [bucket("b", 1)]));
    first.close();
    await control.stop();
    const second = await open();
    expect(second.catalog.bucketsOf(ACCOUNT)).toEqual([bucket("b", 1)]);
    expect(second.state).toMatchObject({ controlPlaneId: "cp-b" as ControlPlaneId, appliedThrough: at(1), records: 1 });
  });

  test("keeps opening the old catalog's secrets until another control plane's snapshot is complete", async () => {
    const { control, open, time, directory } = newWorld();
    const link = await open();
    await control.say(control.welcome(), control.snapshot(3, [accessKey("AKIA1", "old")]));
    await control.stop();
    control.start();
    await time.advanceSettled(2_000);
    const otherKey = createSealingKey(systemRandom);
    await control.say({ ...control.welcome("cp-b"), sealingKey: sealingKeyToBase64(otherKey) } as ControlPlaneMessage);
    expect(link.catalog.secretOf("AKIA1")).toBe("old");
    const moved = { ...accessKey("AKIA2", "x"), sealedSecret: seal(otherKey, "new", "AKIA2", systemRandom) };
    await control.say(control.snapshot(1, [moved]));
    expect([link.catalog.secretOf("AKIA1"), link.catalog.secretOf("AKIA2")]).toEqual([undefined, "new"]);
    expect(Object.keys(JSON.parse(readFileSync(join(directory, "sealing-keys.json"), "utf8")))).toEqual(["cp-b"]);
  });

  test("executes commands and answers when the catalog shows the decision", async () => {
    const { control, open, time } = newWorld();
    const link = await open();
    await expect(
      link.control.execute({ type: "account.create", name: "early" }, { actor: "test", requestId: "r" }),
    ).rejects.toBeInstanceOf(ControlPlaneUnavailable);
    await control.say(control.welcome(), control.snapshot(3, []));
    const call = link.control.execute({ type: "account.create", name: "x" }, { actor: "test", requestId: "r" });
    let answered = false;
    void call.then(() => {
      answered = true;
    });
    await settled();
    const command = control.received.findLast((message) => message.type === "command");
    if (command?.type !== "command") throw new Error("no command arrived");
    const result = { accountId: ACCOUNT, canonicalUserId: "c" };
    await control.say({
      type: "commandResult",
      correlation: command.correlation,
      outcome: { ok: true, eventId: at(4), result },
    });
    expect(answered).toBe(false);
    await control.say(control.changes(3, 4));
    expect(await call).toEqual({ ok: true, eventId: at(4), result });

    const lost = link.control.execute({ type: "account.create", name: "y" }, { actor: "test", requestId: "r" });
    const failure = failureOf(lost);
    await time.advanceSettled(10_000);
    expect((await failure)?.message).toContain("did not answer in time");
    expect(time.pendingTimers()).toBe(1);
  });

  test("whenApplied waits for an event, and not for ever", async () => {
    const { control, open, time } = newWorld();
    const link = await open();
    await control.say(control.welcome(), control.snapshot(3, []));
    await link.catalog.whenApplied(at(3), 1);
    const soon = link.catalog.whenApplied(at(5), 1000);
    const never = failureOf(link.catalog.whenApplied(at(9), 1000));
    await control.say(control.changes(3, 5));
    await soon;
    await time.advanceSettled(1000);
    expect(await never).toBeInstanceOf(ControlPlaneUnavailable);
  });

  test("closing rejects whoever waits and leaves no timer behind", async () => {
    const { open, time } = newWorld();
    const link = await open();
    const ready = failureOf(link.whenReady());
    const applied = failureOf(link.catalog.whenApplied(at(1), 1000));
    link.close();
    link.close();
    expect(await ready).toBeInstanceOf(ControlPlaneUnavailable);
    expect(await applied).toBeInstanceOf(ControlPlaneUnavailable);
    expect(time.pendingTimers()).toBe(0);
  });

  test("a data plane that is not let in says so, unless it has a catalog to serve from", async () => {
    const { control, open } = newWorld();
    const link = await open();
    const early = failureOf(link.whenReady());
    const refused = { type: "refused", code: "AnotherDataPlane", message: "there is another one" } as const;
    await control.say(refused);
    for (const failure of [await early, await failureOf(link.whenReady())]) {
      expect(failure).toBeInstanceOf(DataPlaneRefused);
      expect(failure?.message).toBe("there is another one");
    }
    link.close();
    const again = await open();
    await control.say(control.welcome(), control.snapshot(3, [bucket("a")]));
    again.close();
    const settledDown = await open();
    await control.say(refused);
    expect(await failureOf(settledDown.whenReady())).toBeUndefined();
    expect(settledDown.catalog.bucket("a")).toBeDefined();
    expect(settledDown.control.connected).toBe(false);
  });

  test("sends heartbeats with the position that is on disk", async () => {
    const { control, open, time } = newWorld();
    await open();
    await control.say(control.welcome(), control.snapshot(3, []));
    await time.advanceSettled(2000);
    expect(
      control.received.filter((message) => message.type === "heartbeat").map((message) => message.appliedThrough),
    ).toEqual([at(0), at(3), at(3)]);
  });

  test("reports a change of state at once", async () => {
    const { control, open } = newWorld();
    const link = await open();
    link.reportStatus();
    await control.say(control.welcome(), control.snapshot(3, []));
    const before = control.received.length;
    link.reportStatus();
    await settled();
    expect(control.received.slice(before).map((message) => message.type)).toEqual(["heartbeat"]);
  });

  test("a secret that was tampered with is not opened", async () => {
    const { control, open } = newWorld();
    const link = await open();
    const swapped = { ...accessKey("AKIA1", "one"), accessKeyId: "AKIA2" };
    await control.say(control.welcome(), control.snapshot(3, [swapped]));
    expect(link.catalog.secretOf("AKIA2")).toBeUndefined();
    expect(link.catalog.secretOf("AKIA9")).toBeUndefined();
  });

  test("refuses sealing keys that others can read", async () => {
    const { directory, open } = newWorld();
    writeFileSync(join(directory, "sealing-keys.json"), "{}");
    chmodSync(join(directory, "sealing-keys.json"), 0o644);
    await expect(open()).rejects.toThrow("0600");
  });
});
