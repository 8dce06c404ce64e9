import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CatalogChange, CatalogRecord, EventId } from "#contracts";
import type { CatalogAddress } from "../catalog/catalog-keys.ts";
import type { ACCOUNT } from "../testing/sample-events.ts";
import { PendingChanges } from "./pending-changes.ts";

function account(key: string, name: string): CatalogRecord {
  return { kind: "account", accountId: key as typeof ACCOUNT, name, canonicalUserId: "", createdAt: 0 };
}

const id = (value: number): EventId => value as EventId;

describe("PendingChanges", () => {
  test("merges changes of one record, keeps the place of its first, and says that it went away in between", () => {
    const pending = new PendingChanges(id(10));
    const records = new Map([["b", account("b", "now")]]);
    const note = (event: number, key: string, ended = false) =>
      pending.note(id(event), { kind: "account", key }, ended);
    note(11, "a");
    note(12, "b");
    note(13, "a", true);
    note(14, "b", true);
    note(15, "b");
    pending.advance(id(17));
    expect(pending.size).toBe(2);
    expect(
      pending.take(
        ({ key }) => records.get(key),
        () => 1,
        100,
      ),
    ).toEqual({
      after: id(10),
      through: id(17),
      changes: [
        { change: "delete", kind: "account", key: "a" },
        { change: "delete", kind: "account", key: "b" },
        { change: "upsert", key: "b", record: account("b", "now") },
      ],
    });
    expect(pending.waiting).toBe(false);
  });

  test("a part that was cut ends before the first record it leaves out", () => {
    const pending = new PendingChanges(id(0));
    for (const event of [1, 4, 6]) pending.note(id(event), { kind: "account", key: `k${event}` }, false);
    const take = () => {
      const { after, through, changes } = pending.take(
        () => undefined,
        () => 10,
        15,
      );
      return [after, through, changes.map(({ key }) => key)] as const;
    };
    expect(take()).toEqual([id(0), id(3), ["k1"]]);
    expect(take()).toEqual([id(3), id(5), ["k4"]]);
    expect(take()).toEqual([id(5), id(6), ["k6"]]);
  });

  test("whatever is taken when, the parts join, and after each one the receiver has every effect up to its end", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 4 }), remove: fc.boolean(), take: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (steps, sizeMax) => {
        const pending = new PendingChanges(id(0));
        const truth = new Map<string, CatalogRecord>();
        /** The last event that changed each key, with the state after it, by event. */
        const states: { key: string; record: CatalogRecord | undefined }[] = [];
        const received = new Map<string, CatalogRecord>();
        let cursor = id(0);
        const receive = (): void => {
          const current = ({ key }: CatalogAddress) => truth.get(key);
          const part = pending.take(current, (change: CatalogChange) => change.key.length * 5, sizeMax);
          expect(part.after).toBe(cursor);
          expect(part.through).toBeGreaterThan(cursor);
          cursor = part.through;
          for (const change of part.changes) {
            if (change.change === "delete") received.delete(change.key);
            else received.set(change.key, change.record);
          }
          // A key whose last change is covered is as it is now; others are at least as new as their last covered change.
          const lastChange = new Map<string, number>();
          for (const [index, state] of states.entries()) lastChange.set(state.key, index + 1);
          for (const [key, event] of lastChange) if (event <= cursor) expect(received.get(key)).toEqual(truth.get(key));
        };
        steps.forEach(({ key, remove, take }, index) => {
          const name = `k${key}`;
          const record = remove ? undefined : account(name, `${index}`);
          if (record === undefined) truth.delete(name);
          else truth.set(name, record);
          states.push({ key: name, record });
          pending.note(id(index + 1), { kind: "account", key: name }, remove);
          if (take) receive();
        });
        while (pending.waiting) receive();
        expect(new Map([...received].sort())).toEqual(new Map([...truth].sort()));
        expect(cursor).toBe(id(steps.length));
      }),
    );
  });
});
