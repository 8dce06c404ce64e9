import { expect, test } from "bun:test";
import type { StoreTransaction } from "../../client/index.ts";
import { bytes, failure, fixedRandom, storeWorld, text } from "../../client/testing/index.ts";
import { compareKeys } from "../../keys/index.ts";
import { Subspace } from "../subspace/index.ts";
import { DirectoryError, type DirectoryFailure, DirectoryLayer, type DirectoryPath } from "./index.ts";

function world(options: { readonly allowManualPrefixes?: boolean } = {}) {
  const base = storeWorld();
  const layer = new DirectoryLayer({ random: fixedRandom(), ...options });
  /** Runs in a transaction, and says how it failed if it did. */
  const refusal = async (run: (tx: StoreTransaction) => Promise<unknown>): Promise<DirectoryFailure | undefined> => {
    try {
      await base.db.transact(run);
      return undefined;
    } catch (error) {
      if (error instanceof DirectoryError) return error.failure;
      throw error;
    }
  };
  const create = (path: DirectoryPath, kind?: string) =>
    base.db.transact((tx) => layer.create(tx, path, { layer: kind === undefined ? undefined : bytes(kind) }));
  return { ...base, layer, refusal, create };
}

test("a directory is created with those above it, opened, listed, and found to be there", async () => {
  const { db, layer, create } = world();
  const users = await create(["shop", "users"]);
  expect(users.path).toEqual(["shop", "users"]);
  await create(["shop", "orders"]);
  await db.transact(async (tx) => {
    expect((await layer.open(tx, ["shop", "users"])).contents.prefix).toEqual(users.contents.prefix);
    expect((await layer.createOrOpen(tx, ["shop", "users"])).contents.prefix).toEqual(users.contents.prefix);
    expect(await layer.list(tx)).toEqual(["shop"]);
    expect(await layer.list(tx, ["shop"])).toEqual(["orders", "users"]);
    expect(await layer.exists(tx, ["shop", "users"])).toBe(true);
    expect(await layer.exists(tx, ["shop", "nobody"])).toBe(false);
    const shop = await layer.open(tx.snapshot, ["shop"]);
    expect(await shop.list(tx.snapshot)).toEqual(["orders", "users"]);
    expect((await shop.open(tx, ["users"])).path).toEqual(["shop", "users"]);
  });
});

test("what is there is not created, what is not there not opened, and the root neither", async () => {
  const { layer, refusal, create } = world();
  await create(["a"]);
  expect(await refusal((tx) => layer.create(tx, ["a"]))).toBe("already_exists");
  expect(await refusal((tx) => layer.open(tx, ["b"]))).toBe("does_not_exist");
  expect(await refusal((tx) => layer.list(tx, ["b"]))).toBe("does_not_exist");
  expect(await refusal((tx) => layer.remove(tx, ["b"]))).toBe("does_not_exist");
  expect(await refusal((tx) => layer.createOrOpen(tx, []))).toBe("cannot_open_root");
  expect(await refusal((tx) => layer.remove(tx, []))).toBe("cannot_remove_root");
  expect(await refusal((tx) => layer.open(tx, ["\ud800"]))).toBe("invalid_path");
});

test("a directory for one layer is not opened for another", async () => {
  const { db, layer, refusal, create } = world();
  await create(["queue"], "queue");
  expect(await refusal((tx) => layer.open(tx, ["queue"], { layer: bytes("table") }))).toBe("incompatible_layer");
  const opened = await db.transact((tx) => layer.open(tx, ["queue"], { layer: bytes("queue") }));
  expect(text(opened.layer)).toBe("queue");
});

test("moving keeps the keys, and the way of those below", async () => {
  const { db, layer, create } = world();
  const old = await create(["a", "b"]);
  await create(["a", "b", "c"]);
  await db.transact(async (tx) => tx.set(old.contents.pack(["k"]), bytes("v")));
  await create(["x"]);
  const moved = await db.transact((tx) => layer.move(tx, ["a", "b"], ["x", "y"]));
  expect(moved.path).toEqual(["x", "y"]);
  expect(moved.contents.prefix).toEqual(old.contents.prefix);
  await db.transact(async (tx) => {
    expect(text(await tx.get(moved.contents.pack(["k"])))).toBe("v");
    expect(await layer.list(tx, ["x", "y"])).toEqual(["c"]);
    expect(await layer.exists(tx, ["a", "b"])).toBe(false);
  });
  const again = await db.transact((tx) => moved.moveTo(tx, ["z"]));
  expect(again.path).toEqual(["z"]);
});

test("moving needs a free place with a parent, and not one below", async () => {
  const { layer, refusal, create } = world();
  await create(["a"]);
  await create(["b"]);
  expect(await refusal((tx) => layer.move(tx, ["a"], ["a", "c"]))).toBe("cannot_move_into_itself");
  expect(await refusal((tx) => layer.move(tx, ["a"], ["a"]))).toBe("cannot_move_into_itself");
  expect(await refusal((tx) => layer.move(tx, ["a"], ["b"]))).toBe("already_exists");
  expect(await refusal((tx) => layer.move(tx, ["a"], ["no", "c"]))).toBe("parent_does_not_exist");
  expect(await refusal((tx) => layer.move(tx, ["no"], ["c"]))).toBe("does_not_exist");
});

test("removing takes the contents and all below with it, and nothing of a sibling", async () => {
  const { db, layer, store, create } = world();
  const kept = await create(["ab"]);
  const keptKey = kept.contents.pack(["k"]);
  await db.transact(async (tx) => tx.set(keptKey, bytes("v")));
  const before = store.contents().length;
  const [outer, inner] = [await create(["a"]), await create(["a", "b"])];
  await db.transact(async (tx) => {
    tx.set(outer.contents.pack(["k"]), bytes("v"));
    tx.set(inner.contents.pack(["k"]), bytes("v"));
  });
  expect(await db.transact((tx) => layer.removeIfExists(tx, ["a"]))).toBe(true);
  expect(await db.transact((tx) => layer.removeIfExists(tx, ["a"]))).toBe(false);
  // What is left of them are two numbers that are never given again.
  expect(store.contents().length).toBe(before + 2);
  expect(text(await db.transact((tx) => tx.get(keptKey)))).toBe("v");
  expect(await db.transact((tx) => kept.exists(tx))).toBe(true);
});

test("a partition holds its directories among its own keys, and none of its own", async () => {
  const { db, layer, refusal, create } = world();
  const partition = await create(["p"], "partition");
  expect(() => partition.contents).toThrow(DirectoryError);
  const inner = await db.transact((tx) => layer.create(tx, ["p", "inner"]));
  expect(inner.path).toEqual(["p", "inner"]);
  await db.transact(async (tx) => {
    expect(await partition.list(tx)).toEqual(["inner"]);
    expect(await layer.list(tx, ["p"])).toEqual(["inner"]);
    expect((await partition.open(tx, ["inner"])).contents.prefix).toEqual(inner.contents.prefix);
    expect(await partition.exists(tx)).toBe(true);
  });
  await create(["outside"]);
  const between = "cannot_move_between_partitions";
  expect(await refusal((tx) => layer.move(tx, ["p", "inner"], ["outside", "x"]))).toBe(between);
  expect(await refusal((tx) => inner.moveTo(tx, ["outside", "x"]))).toBe(between);
  const moved = await db.transact((tx) => partition.moveTo(tx, ["q"]));
  expect(await db.transact((tx) => moved.list(tx))).toEqual(["inner"]);
  const renamed = await db.transact((tx) => layer.move(tx, ["q", "inner"], ["q", "other"]));
  expect(renamed.path).toEqual(["q", "other"]);
  await db.transact((tx) => moved.remove(tx));
  expect(await db.transact((tx) => layer.exists(tx, ["q"]))).toBe(false);
  expect(await db.transact((tx) => tx.get(renamed.contents.pack([])))).toBeUndefined();
});

test("a prefix can be chosen where that is allowed, if it neither holds another nor lies within one", async () => {
  const strict = world();
  expect(await strict.refusal((tx) => strict.layer.create(tx, ["a"], { prefix: bytes("px") }))).toBe(
    "manual_prefix_not_allowed",
  );
  const { db, layer, refusal } = world({ allowManualPrefixes: true });
  const made = await db.transact((tx) => layer.create(tx, ["a"], { prefix: bytes("px") }));
  expect(made.contents.prefix).toEqual(bytes("px"));
  for (const prefix of ["px", "p", "pxy"]) {
    expect([prefix, await refusal((tx) => layer.create(tx, ["b"], { prefix: bytes(prefix) }))]).toEqual([
      prefix,
      "prefix_in_use",
    ]);
  }
  expect(await refusal((tx) => layer.create(tx, ["b"], { prefix: new Uint8Array(0) }))).toBe("prefix_in_use");
  expect(await refusal((tx) => layer.create(tx, ["b"], { prefix: Uint8Array.of(0xfe, 1) }))).toBe("prefix_in_use");
  expect(await refusal((tx) => layer.create(tx, ["b"], { prefix: bytes("py") }))).toBeUndefined();
});

test("keys that are there already, or a chosen prefix, keep an allocated one from being used", async () => {
  const content = new Subspace(bytes("content"));
  const { db } = storeWorld();
  const layer = new DirectoryLayer({ random: fixedRandom(), content });
  await db.transact(async (tx) => {
    for (let i = 0; i < 64; i++) tx.set(content.pack([i]), bytes("in the way"));
  });
  const created = db.transact((tx) => layer.create(tx, ["a"]));
  await expect(created).rejects.toMatchObject({ failure: "prefix_in_use" });
});

test("two that create the same directory at the same time conflict", async () => {
  const { db, layer, create } = world();
  await create(["other"]);
  const open = [db.createTransaction(), db.createTransaction()];
  for (const tx of open) await layer.create(tx, ["a"]);
  await open[0]!.commit();
  expect(await failure(open[1]!.commit())).toBe("not_committed");
});

test("directories of a newer version are not touched, those of a newer minor one only read", async () => {
  const versionKey = new Subspace(Uint8Array.of(0xfe)).pack([Uint8Array.of(0xfe), bytes("version")]);
  const { db, layer, refusal, create } = world();
  await create(["a"]);
  const write = (...version: number[]) =>
    db.transact(async (tx) => tx.set(versionKey, new Uint8Array(new Uint32Array(version).buffer)));
  await write(1, 1, 0);
  expect(await refusal((tx) => layer.open(tx, ["a"]))).toBeUndefined();
  expect(await refusal((tx) => layer.create(tx, ["b"]))).toBe("incompatible_version");
  await write(2, 0, 0);
  expect(await refusal((tx) => layer.open(tx, ["a"]))).toBe("incompatible_version");
  await write(1);
  expect(await refusal((tx) => layer.open(tx, ["a"]))).toBe("incompatible_version");
});

test("a random life of directories is that of a tree of names, and no prefix is used twice", async () => {
  const { db, layer } = world();
  const random = fixedRandom();
  const pick = (count: number) => Math.floor(random.float() * count);
  const names = ["a", "b", "c"];
  const path = () => Array.from({ length: 1 + pick(3) }, () => names[pick(names.length)]!);
  /** By path, joined; the value is the prefix. */
  let tree = new Map<string, string>();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const below = (one: string, other: string) => one === other || one.startsWith(`${other}/`);
  for (let i = 0; i < 250; i++) {
    const [one, other] = [path(), path()];
    const [at, to] = [one.join("/"), other.join("/")];
    const action = pick(4);
    if (action <= 1) {
      const made = await db.transact((tx) => layer.createOrOpen(tx, one));
      const prefix = hex(made.contents.prefix);
      if (tree.has(at)) expect(prefix).toBe(tree.get(at)!);
      tree.set(at, prefix);
      for (let depth = 1; depth < one.length; depth++) {
        const parent = one.slice(0, depth);
        const opened = await db.transact((tx) => layer.open(tx, parent));
        tree.set(parent.join("/"), hex(opened.contents.prefix));
      }
    } else if (action === 2) {
      expect(await db.transact((tx) => layer.removeIfExists(tx, one))).toBe(tree.has(at));
      tree = new Map([...tree].filter(([key]) => !below(key, at)));
    } else {
      const parent = other.slice(0, -1).join("/");
      const possible = tree.has(at) && !tree.has(to) && !below(to, at) && (parent === "" || tree.has(parent));
      const moved = await db
        .transact((tx) => layer.move(tx, one, other))
        .then(
          () => true,
          (error) => {
            if (!(error instanceof DirectoryError)) throw error;
            return false;
          },
        );
      expect(moved).toBe(possible);
      if (moved)
        tree = new Map([...tree].map(([key, prefix]) => [below(key, at) ? to + key.slice(at.length) : key, prefix]));
    }
    expect(new Set(tree.values()).size).toBe(tree.size);
  }
  const walk = async (tx: StoreTransaction, at: string[]): Promise<string[]> => {
    const children = await layer.list(tx, at);
    expect(children).toEqual([...children].sort((a, b) => compareKeys(bytes(a), bytes(b))));
    const inner = await Promise.all(children.map((name) => walk(tx, [...at, name])));
    return [...children.map((name) => [...at, name].join("/")), ...inner.flat()];
  };
  expect((await db.transact((tx) => walk(tx, []))).sort()).toEqual([...tree.keys()].sort());
});
