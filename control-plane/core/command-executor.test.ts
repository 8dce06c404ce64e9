import { describe, expect, test } from "bun:test";
import type { CommandType, EventId } from "#contracts";
import {
  type AnyEvent,
  Appender,
  type CatalogReader,
  CatalogViews,
  type Decision,
  type EventStore,
  EventStoreError,
  type NewEvent,
  openSqliteEventStore,
} from "#control-plane/events";
import { createSealingKey } from "#foundation/crypto";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import { CommandExecutor } from "./command-executor.ts";
import { createAnswerKeeper } from "./remembered-answers.ts";
import { origin } from "./testing/test-control-plane.ts";

const ACCOUNT = "111122223333" as NewEvent["org"];

function accountCreated(accountId: string): NewEvent {
  const payload = {
    accountId: accountId as NewEvent["org"],
    name: `account ${accountId}`,
    canonicalUserId: "0".repeat(64),
  };
  return { type: "account.created", aggregateId: accountId, org: payload.accountId, payload };
}

/** An event that no view can take. */
const GHOST: NewEvent = {
  type: "user.deleted",
  aggregateId: "AIDAGHOST",
  org: ACCOUNT,
  payload: { accountId: ACCOUNT, entityId: "AIDAGHOST", name: "ghost" },
};

function deciding(...events: readonly NewEvent[]) {
  return (): Decision<CommandType> => ({ ok: true, events, result: {} });
}

/** A store whose appends fail while `fault` says so: before or after they have been carried out. */
function faulty(store: EventStore) {
  const fault: { mode: "none" | "before" | "after" } = { mode: "none" };
  const append: EventStore["append"] = async (batch) => {
    if (fault.mode === "before") throw new EventStoreError("Unavailable", "the disk is away");
    await store.append(batch);
    if (fault.mode === "after") throw new EventStoreError("Unavailable", "the answer is lost");
  };
  const proxied = new Proxy(store, {
    get(target, name) {
      if (name === "append") return append;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { store: proxied, fault };
}

async function withExecutor(
  body: (run: {
    execute: (
      decide: (views: CatalogReader) => Decision<CommandType>,
      key?: string,
    ) => ReturnType<CommandExecutor["execute"]>;
    fault: { mode: "none" | "before" | "after" };
    committed: CatalogViews;
    working: CatalogViews;
    published: AnyEvent[];
    errors: string[];
    store: EventStore;
  }) => Promise<void>,
): Promise<void> {
  const { store, fault } = faulty(openSqliteEventStore({ path: ":memory:", random: systemRandom }));
  const published: AnyEvent[] = [];
  const errors: string[] = [];
  const working = new CatalogViews();
  const committed = new CatalogViews();
  const executor = new CommandExecutor({
    store,
    appender: await Appender.open(store),
    working,
    committed,
    answers: createAnswerKeeper(createSealingKey(systemRandom), systemRandom),
    clock: createVirtualTime(1000).clock,
    onCommitted: (events) => published.push(...events),
    onError: (message) => errors.push(message),
  });
  const execute: Parameters<typeof body>[0]["execute"] = (decide, key) =>
    executor.execute({ origin: origin(key), fingerprint: "f", decide });
  await body({ execute, fault, committed, working, published, errors, store });
  await executor.close();
  await store.close();
}

describe("CommandExecutor", () => {
  test("a handler that throws, or decides what no view can take, fails alone", () =>
    withExecutor(async ({ execute, committed, published, errors, store }) => {
      const outcomes = await Promise.all([
        execute(deciding(accountCreated("1"))),
        execute(() => {
          throw new TypeError("a defect");
        }),
        execute(deciding(accountCreated("2"), GHOST)),
        execute(deciding(accountCreated("3"))),
      ]);
      expect(outcomes).toMatchObject([
        { ok: true, eventId: 1 as EventId },
        { ok: false, code: "Internal" },
        { ok: false, code: "Internal" },
        { ok: true, eventId: 2 as EventId },
      ]);
      expect(errors).toHaveLength(2);
      expect(published.map((event) => event.aggregateId)).toEqual(["1", "3"]);
      expect(
        [...committed.records("account")].map((record) => record.kind === "account" && (record.accountId as string)),
      ).toEqual(["1", "3"]);
      expect(await store.check()).toEqual([]);
      // The number and the sequence of the one that was taken back are free again.
      expect(await execute(deciding(accountCreated("2")))).toMatchObject({ ok: true, eventId: 3 as EventId });
    }));

  test("nobody hears of a batch that was not written, and the next one is decided without it", () =>
    withExecutor(async ({ execute, fault, committed, working, published }) => {
      fault.mode = "before";
      const lost = await Promise.all([execute(deciding(accountCreated("1"))), execute(deciding(accountCreated("2")))]);
      expect(lost).toMatchObject([{ code: "Internal" }, { code: "Internal" }]);
      expect([committed.count("account"), working.count("account"), published.length]).toEqual([0, 0, 0]);
      fault.mode = "none";
      expect(await execute(deciding(accountCreated("1")))).toMatchObject({ ok: true, eventId: 1 as EventId });
    }));

  test("a batch that was written although the store said otherwise is taken in before the next command", () =>
    withExecutor(async ({ execute, fault, committed, published }) => {
      fault.mode = "after";
      expect(await execute(deciding(accountCreated("1")))).toMatchObject({ code: "Internal" });
      expect(committed.count("account")).toBe(0);
      fault.mode = "none";
      let seen = 0;
      const outcome = await execute((views) => {
        seen = views.count("account");
        return deciding(accountCreated("2"))();
      });
      expect(seen).toBe(1);
      expect(outcome).toMatchObject({ ok: true, eventId: 2 as EventId });
      expect(published.map((event) => event.id as number)).toEqual([1, 2]);
    }));

  test("an answer given before holds although the batch around it fails", () =>
    withExecutor(async ({ execute, fault }) => {
      const first = await execute(deciding(accountCreated("1")), "k");
      fault.mode = "before";
      const [again, lost] = await Promise.all([
        execute(deciding(accountCreated("9")), "k"),
        execute(deciding(accountCreated("2"))),
      ]);
      expect(again).toEqual(first);
      expect(lost).toMatchObject({ ok: false, code: "Internal" });
    }));

  test("a command is decided again when the first attempt failed inside, also under its key", () =>
    withExecutor(async ({ execute, fault }) => {
      fault.mode = "before";
      expect(await execute(deciding(accountCreated("1")), "k")).toMatchObject({ code: "Internal" });
      fault.mode = "none";
      expect(await execute(deciding(accountCreated("1")), "k")).toMatchObject({ ok: true, eventId: 1 as EventId });
    }));
});
