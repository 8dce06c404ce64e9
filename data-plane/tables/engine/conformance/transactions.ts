/** Conformance: transactions. */

import { expect, test } from "bun:test";
import type { TransactAction, TransactResult } from "../port.ts";
import { condition, definition, item, refusal, type TableFixture, update } from "../testing/fixture.ts";

export function transactionCases(fixture: () => TableFixture): void {
  async function table() {
    const { engine } = fixture();
    const made = definition();
    await engine.ensure(made);
    const { tableId } = made;
    const put = (values: Readonly<Record<string, unknown>>): TransactAction => ({
      tableId,
      action: { kind: "put", item: item(values) },
    });
    const get = (pk: string) => engine.get(tableId, item({ pk }))?.parse();
    return { engine, tableId, put, get };
  }

  test("all actions are done, or none with the reason of each", async () => {
    const { engine, tableId, put, get } = await table();
    const absent = condition("attribute_not_exists(pk)");
    const check: TransactAction = {
      tableId,
      action: { kind: "check", key: item({ pk: "guard" }) },
      condition: condition("attribute_exists(pk)"),
      wishes: { oldOnFailure: true },
    };
    const actions = [put({ pk: "a" }), { ...put({ pk: "b" }), condition: absent }, check];
    expect(await engine.transact(actions)).toEqual({
      outcome: "cancelled",
      reasons: [undefined, undefined, { refused: "ConditionFailed", oldSize: 0 }],
    });
    expect(get("a")).toBeUndefined();
    await engine.write({ tableId, action: { kind: "put", item: item({ pk: "guard", x: "y" }) } });
    expect(await engine.transact(actions)).toEqual({
      outcome: "done",
      results: [
        { oldSize: 0, newSize: 3 },
        { oldSize: 0, newSize: 3 },
        { oldSize: 9, newSize: 9 },
      ],
      repeated: false,
    });
    expect(get("b")).toEqual(item({ pk: "b" }));
    const add = update("ADD pk2 :x", { ":x": 1 });
    const broken = update("ADD x :one", { ":one": 1 });
    const key = item({ pk: "guard" });
    expect(
      await engine.transact([
        { tableId, action: { kind: "delete", key: item({ pk: "a" }) } },
        { tableId, action: { kind: "update", key: item({ pk: "b" }), update: add } },
        { tableId, action: { kind: "update", key, update: broken } },
      ]),
    ).toMatchObject({ outcome: "cancelled", reasons: [undefined, undefined, { refused: "InvalidUpdate" }] });
    expect(get("a")).toEqual(item({ pk: "a" }));
    expect(engine.statistics(tableId).itemCount).toBe(3);
  });

  test("a token makes it happen once, for ten minutes, over restarts", async () => {
    const { tableId, put } = await table();
    const token = { scope: "111122223333", token: "once", digest: "d1" };
    const add: TransactAction = {
      tableId,
      action: { kind: "update", key: item({ pk: "n" }), update: update("ADD n :one", { ":one": 1 }) },
    };
    const count = () =>
      fixture()
        .engine.get(tableId, item({ pk: "n" }))
        ?.parse();
    const run = (digest = "d1"): Promise<TransactResult> => fixture().engine.transact([add], { ...token, digest });
    const results = [{ oldSize: 0, newSize: 6 }];
    expect(await run()).toEqual({ outcome: "done", results, repeated: false });
    expect(await run()).toEqual({ outcome: "done", results, repeated: true });
    expect(await run("d2")).toEqual({ outcome: "tokenMismatch" });
    await fixture().reopen();
    expect(await run()).toMatchObject({ repeated: true });
    expect(count()).toEqual(item({ pk: "n", n: 1 }));
    // The same token of somebody else is another one.
    await fixture().engine.transact([put({ pk: "other" })], { ...token, scope: "444455556666" });
    fixture().time.advance(10 * 60 * 1000 - 1);
    expect(await run("d2")).toEqual({ outcome: "tokenMismatch" });
    fixture().time.advance(1);
    expect(await run("d2")).toMatchObject({ outcome: "done", repeated: false });
    expect(count()).toEqual(item({ pk: "n", n: 2 }));
  });

  test("a cancelled transaction does not use its token up", async () => {
    const { engine, tableId, get } = await table();
    const token = { scope: "s", token: "again", digest: "d" };
    const action: TransactAction = {
      tableId,
      action: { kind: "put", item: item({ pk: "a" }) },
      condition: condition("attribute_exists(pk)"),
    };
    expect(await engine.transact([action], token)).toMatchObject({ outcome: "cancelled" });
    await engine.write({ tableId, action: { kind: "put", item: item({ pk: "a", old: 1 }) } });
    expect(await engine.transact([action], token)).toMatchObject({ outcome: "done", repeated: false });
    expect(get("a")).toEqual(item({ pk: "a" }));
  });

  test("money is neither made nor lost, and no reader ever sees it in between", async () => {
    const { engine, tableId } = await table();
    const accounts = Array.from({ length: 10 }, (_, n) => item({ pk: `account ${n}` }));
    await engine.writeMany(
      accounts.map((key) => ({ tableId, action: { kind: "put", item: { ...key, ...item({ money: 100 }) } } })),
    );
    const balance = (one: { parse(): object } | undefined): number =>
      Number((one!.parse() as { money: { N: string } }).money.N);
    const total = (): number =>
      engine.getMany(accounts.map((key) => ({ tableId, key }))).reduce((sum: number, one) => sum + balance(one), 0);
    const seen = new Set<number>();
    let random = 1;
    const next = (below: number): number => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0;
      return (random >>> 8) % below;
    };
    let moved = 0;
    const teller = async (): Promise<void> => {
      for (let turn = 0; turn < 40; turn++) {
        const [from, to, sum] = [next(10), next(10), 1 + next(60)];
        if (from === to) continue;
        const result = await engine.transact([
          {
            tableId,
            action: { kind: "update", key: accounts[from]!, update: update("SET money = money - :s", { ":s": sum }) },
            condition: condition("money >= :s", { ":s": sum }),
          },
          { tableId, action: { kind: "update", key: accounts[to]!, update: update("ADD money :s", { ":s": sum }) } },
        ]);
        if (result.outcome === "done") moved++;
        seen.add(total());
      }
    };
    await Promise.all(Array.from({ length: 16 }, teller));
    expect([...seen]).toEqual([1000]);
    expect(moved).toBeGreaterThan(100);
    for (const key of accounts) expect(balance(engine.get(tableId, key))).toBeGreaterThanOrEqual(0);
  });

  test("a transaction over a table that is closed does nothing anywhere", async () => {
    const { engine, tableId, put, get } = await table();
    const closed = definition();
    await engine.ensure(closed);
    await engine.beginDelete(closed.tableId);
    const other: TransactAction = { tableId: closed.tableId, action: { kind: "put", item: item({ pk: "x" }) } };
    expect(await refusal(() => engine.transact([put({ pk: "a" }), other]))).toBe("TableClosed");
    expect(get("a")).toBeUndefined();
    expect(engine.statistics(tableId).itemCount).toBe(0);
  });
}
