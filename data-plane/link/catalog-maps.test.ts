import { describe, expect, test } from "bun:test";
import type { AccountId, BucketRecord, CatalogChange, CatalogRecord } from "#contracts";
import { catalogDifference } from "./catalog-difference.ts";
import { keyOfRecord } from "./catalog-key.ts";
import { CatalogMaps } from "./catalog-maps.ts";
import { chanceOf } from "./simulation/chance.ts";

const accounts = ["000000000001", "000000000002"] as readonly string[] as readonly AccountId[];

function bucket(name: string, accountId = accounts[0]!, createdAt = 0): BucketRecord {
  return {
    kind: "bucket",
    bucketId: `${name}-${createdAt}` as BucketRecord["bucketId"],
    name,
    accountId,
    region: "us-east-1" as BucketRecord["region"],
    createdAt,
    objectLockEnabled: false,
    sections: {},
  };
}

describe("CatalogMaps", () => {
  test("agrees with a plain map over random changes, and lists handed out never change", () => {
    const chance = chanceOf(1);
    const maps = new CatalogMaps();
    const plain = new Map<string, BucketRecord>();
    for (let count = 0; count < 3000; count++) {
      const name = `b${chance.below(40)}`;
      const handedOut = accounts.map((accountId) => maps.bucketsOf(accountId));
      const before = JSON.stringify(handedOut);
      if (chance.happens(0.4)) {
        plain.delete(name);
        maps.apply({ change: "delete", kind: "bucket", key: name });
      } else {
        const record = bucket(name, accounts[chance.below(2)]!, count);
        plain.set(name, record);
        maps.apply({ change: "upsert", key: name, record });
      }
      expect(JSON.stringify(handedOut)).toBe(before);
      const sorted = [...plain.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
      for (const accountId of accounts) {
        expect(maps.bucketsOf(accountId)).toEqual(sorted.filter((record) => record.accountId === accountId));
      }
      expect(maps.size).toBe(plain.size);
    }
  });

  test("finds accounts by canonical id, users by account and name", () => {
    const maps = new CatalogMaps();
    const account = {
      kind: "account",
      accountId: accounts[0]!,
      name: "a",
      canonicalUserId: "c1",
      createdAt: 0,
    } as const;
    maps.put(account);
    maps.put({ ...account, canonicalUserId: "c2" });
    maps.put({
      kind: "user",
      accountId: accounts[0]!,
      entityId: "AIDA1",
      name: "ada",
      path: "/",
      createdAt: 0,
      modifiedAt: 0,
      revision: 1,
      sections: {},
    });
    expect(maps.accountByCanonicalId("c1")).toBeUndefined();
    expect(maps.accountByCanonicalId("c2")?.accountId).toBe(accounts[0]!);
    expect(maps.user(accounts[0]!, "ada")?.entityId).toBe("AIDA1");
    expect(maps.user(accounts[1]!, "ada")).toBeUndefined();
    maps.apply({ change: "delete", kind: "account", key: accounts[0]! });
    expect(maps.accountByCanonicalId("c2")).toBeUndefined();
  });
});

test("catalogDifference leads from one state to the other and is empty between equals", () => {
  const of = (...records: readonly CatalogRecord[]) => {
    const maps = new CatalogMaps();
    for (const record of records) maps.put(record);
    return maps;
  };
  const before = of(bucket("a"), bucket("b"), bucket("c"));
  const after = of(bucket("a"), bucket("b", accounts[1]!), bucket("d"));
  const changes: readonly CatalogChange[] = catalogDifference(before, after);
  expect(changes.map((change) => `${change.change} ${change.key}`)).toEqual(["upsert b", "upsert d", "delete c"]);
  for (const change of changes) before.apply(change);
  const all = (maps: CatalogMaps) =>
    [...maps.records()].sort((left, right) => (keyOfRecord(left) < keyOfRecord(right) ? -1 : 1));
  expect(all(before)).toEqual(all(after));
  expect(catalogDifference(after, after)).toEqual([]);
});
