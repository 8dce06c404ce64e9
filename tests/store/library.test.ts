import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, open, pack, StoreError, unpack } from "#apps/store";

const directory = mkdtempSync(join(tmpdir(), "store-library-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("what the documentation shows works: a store in a directory, found again when it is opened anew", async () => {
  const path = join(directory, "store");
  const db = await open({ path });
  await db.transact(async (tx) => tx.set(pack(["seats", "12A"]), pack(["Ada"])));
  const taken = db.transact(async (tx) => {
    if ((await tx.get(pack(["seats", "12A"]))) !== undefined) throw new Error("The seat is taken.");
    tx.set(pack(["seats", "12A"]), pack(["Bob"]));
  });
  expect(taken).rejects.toThrow("The seat is taken.");
  expect(open({ path })).rejects.toThrow();
  await db.close();
  const again = await open({ path });
  const name = await again.transact(async (tx) => unpack((await tx.get(pack(["seats", "12A"])))!)[0]);
  expect(name).toBe("Ada");
  await again.close();
});

test("a cluster that is not there is waited for, and no longer than was said", async () => {
  const db = await connect({ coordinators: ["127.0.0.1:1"], patienceMs: 50 });
  const failure = await db.transact((tx) => tx.get(pack(["a"])), { retryLimit: 0 }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StoreError);
  expect((failure as StoreError).code).toBe("cluster_unavailable");
  await db.close();
});
